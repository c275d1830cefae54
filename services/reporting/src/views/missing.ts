/** undefined_table, undefined_column (PostgreSQL 18, appendix A): the views are gone, or those of another release. */
const missingCodes: ReadonlySet<unknown> = new Set(['42P01', '42703']);

export const areViewsMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && missingCodes.has(error.code);
