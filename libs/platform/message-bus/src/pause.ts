/** Waits, or less if one of the signals aborts. Never rejects. */
export const pause = (ms: number, ...signals: readonly AbortSignal[]): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    for (const signal of signals) signal.addEventListener('abort', end);
    if (signals.some((signal) => signal.aborted)) end();
  });

/** A bell that may be rung before somebody waits for it. */
export interface Bell {
  ring(): void;
  /** Waits for the bell (one ring since the last wait is enough), the time or a signal, whichever is first. */
  wait(ms: number, ...signals: readonly AbortSignal[]): Promise<void>;
}

export const bell = (): Bell => {
  let rung = new AbortController();
  return {
    ring: () => rung.abort(),
    wait: async (ms, ...signals) => {
      await pause(ms, rung.signal, ...signals);
      rung = new AbortController();
    },
  };
};

/** `min` at the first attempt, doubled with each further one, at most `max`; up to a fifth less, so that many do not come at once. */
export const growingDelayMs = (attempt: number, minMs: number, maxMs: number): number =>
  Math.min(maxMs, minMs * 2 ** Math.min(attempt - 1, 30)) * (1 - Math.random() / 5);
