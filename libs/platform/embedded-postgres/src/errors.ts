/** Something stands in the way of the start that a person can put right; the message says what and how. */
export class CannotStart extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The data belongs to a process that is running. */
export class DataInUse extends CannotStart {
  /** The process that has the data, if it could be told. */
  readonly pid: number | undefined;

  constructor(dataDir: string, pid: number | undefined, what: string) {
    super(
      `the data in ${dataDir} is in use by ${what}${pid === undefined ? '' : ` (process ${pid})`}: ` +
        'stop that one first, or choose another data folder',
    );
    this.pid = pid;
  }
}

/** The port that was asked for is taken by something else. */
export class PortTaken extends CannotStart {
  readonly port: number;

  constructor(port: number) {
    super(
      `port ${port} on 127.0.0.1 is taken: free it, or choose another (or none: a free one is found)`,
    );
    this.port = port;
  }
}

/** The data folder cannot be written, read, or reached. */
export class DataFolderUnusable extends CannotStart {}

/** The machine lacks what PostgreSQL needs: a platform that has no binaries, or a user to run as. */
export class PlatformUnusable extends CannotStart {}

/** PostgreSQL ended, or said nothing, instead of starting; the message has the end of its log. */
export class StartFailed extends CannotStart {}

/** The system's code of an error, `ENOENT`. */
export const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
