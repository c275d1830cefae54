import { setTimeout as sleep } from 'node:timers/promises';

/** Looks again until something is there (not undefined), or throws what was still missing. */
export const eventually = async <T>(
  what: string,
  look: () => Promise<T | undefined>,
  { withinMs = 60_000, everyMs = 50 } = {},
): Promise<T> => {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs / 1_000} s`);
    await sleep(everyMs);
  }
};
