/** The name of the constraint that a statement would have broken, undefined for any other error. */
export const brokenConstraint = (error: unknown): string | undefined =>
  typeof error === 'object' &&
  error !== null &&
  'constraint' in error &&
  typeof error.constraint === 'string'
    ? error.constraint
    : undefined;
