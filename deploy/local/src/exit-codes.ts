/** What the end of `npm start` says to a script. */
export const exitCodes = {
  /** Served until it was asked to stop; with `--once`: every check held. */
  ok: 0,
  /** A check of the summary did not hold, or something broke. */
  failed: 1,
  /** Could not start: arguments, a port or a folder in the way, a system that runs on the same data. */
  cannotStart: 2,
  /** Interrupted before the sample was through. The next start goes on. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
