/** Work in turns: at most so many at a time, and what shares a key one after another, in the order of the calls. */
export interface Turns {
  run<T>(keys: readonly string[], work: () => Promise<T>): Promise<T>;
  /** Resolves when all that was called has ended. */
  idle(): Promise<void>;
}

export const createTurns = (atOnceMax: number): Turns => {
  const lastOf = new Map<string, Promise<void>>();
  const waiting: (() => void)[] = [];
  const underWay = new Set<Promise<unknown>>();
  let working = 0;

  const place = async (): Promise<void> => {
    if (working < atOnceMax) working += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  /** A place that is given up goes to whoever waits longest. */
  const giveUp = (): void => {
    const next = waiting.shift();
    if (next === undefined) working -= 1;
    else next();
  };

  const inTurn = async <T>(
    before: readonly Promise<void>[],
    work: () => Promise<T>,
  ): Promise<T> => {
    await Promise.all(before);
    await place();
    try {
      return await work();
    } finally {
      giveUp();
    }
  };

  return {
    run: (keys, work) => {
      const before = keys.flatMap((key) => lastOf.get(key) ?? []);
      const done = inTurn(before, work);
      const ended = done.then(
        () => undefined,
        () => undefined,
      );
      underWay.add(ended);
      for (const key of keys) lastOf.set(key, ended);
      void ended.then(() => {
        underWay.delete(ended);
        for (const key of keys) if (lastOf.get(key) === ended) lastOf.delete(key);
      });
      return done;
    },
    idle: async () => {
      await Promise.all(underWay);
    },
  };
};
