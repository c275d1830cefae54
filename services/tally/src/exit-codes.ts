/** What a command's end says to a script. Documented in `tally --help` and in the README; the numbers do not change. */
export const exitCodes = {
  /** Done as asked; for an import: every row was taken. */
  ok: 0,
  /** Something that should hold does not: a bug, counts that do not add up, views that differ on replay. */
  failed: 1,
  /** The command cannot be done as given: arguments, mapping, a file that cannot be read. */
  usage: 2,
  /** The file was imported, but some of its rows were rejected or refused: see the rejects file. */
  someRejected: 3,
  /** The system does not answer, or could not be started. The same command again goes on where this one stopped. */
  unreachable: 4,
  /** The token is missing, wrong or does not allow it. */
  forbidden: 5,
  /** What was asked for is not there: no such programme, card, account. */
  notFound: 6,
  /** The system refuses it, and says why: nothing was changed. Sent again as it is, it is refused again until something changes there. */
  refused: 7,
  /** Ctrl-C or SIGTERM. The same command again goes on where this one stopped. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Ends a command with a message for a person. Anything else that is thrown is a bug, and is shown as one. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exitCode: ExitCode;
  constructor(exitCode: ExitCode, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}
