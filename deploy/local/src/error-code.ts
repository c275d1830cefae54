/** The code of an error of the system (`EEXIST`), wherever it was made; undefined where there is none. */
export const codeOf = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
