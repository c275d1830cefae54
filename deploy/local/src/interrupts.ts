/** What to do when a person or the system wants the end. */
export interface Interrupts {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  /** Gives the signals back to Node. */
  dispose(): void;
}

/** Why work was given up; not a failure. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  constructor(readonly by: NodeJS.Signals) {
    super(`interrupted by ${by}`);
  }
}

/** npm passes a terminal's Ctrl-C on to us, which the terminal has done already: two within this time are one. */
const sameCtrlCMs = 1_000;

/**
 * The first signal asks for an orderly end; a second Ctrl-C forces it.
 * `ended` is called once, when the end is first asked for; `forced` when somebody does not want to wait.
 */
export const listenForInterrupts = (ended: () => void, forced: () => void): Interrupts => {
  const controller = new AbortController();
  let firstAt = 0;
  const listener = (by: NodeJS.Signals): void => {
    if (!controller.signal.aborted) {
      firstAt = performance.now();
      ended();
      controller.abort(new Interrupted(by));
    } else if (by === 'SIGINT' && performance.now() - firstAt > sameCtrlCMs) {
      forced();
    }
  };
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) process.on(name, listener);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const name of names) process.off(name, listener);
    },
  };
};
