import type { Terminal } from '../output/terminal.js';

/** What every command is given. */
export interface Run {
  readonly env: NodeJS.ProcessEnv;
  readonly terminal: Terminal;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
}
