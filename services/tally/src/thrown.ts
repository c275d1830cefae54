/** What can be told of something that was thrown, whatever it is and whichever realm it comes from. */

/** Node's or a library's code for it: `ENOENT`, `UND_ERR_SOCKET`. */
export const codeOf = (thrown: unknown): string | undefined =>
  typeof thrown === 'object' &&
  thrown !== null &&
  'code' in thrown &&
  typeof thrown.code === 'string'
    ? thrown.code
    : undefined;

export const messageOf = (thrown: unknown): string =>
  typeof thrown === 'object' &&
  thrown !== null &&
  'message' in thrown &&
  typeof thrown.message === 'string'
    ? thrown.message
    : String(thrown);

/** The chain of causes, outermost first. */
export function* causesOf(thrown: unknown): Generator {
  for (let at = thrown; typeof at === 'object' && at !== null; at = 'cause' in at ? at.cause : null)
    yield at;
}
