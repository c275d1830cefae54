import { setTimeout as sleep } from 'node:timers/promises';

const patienceMs = 60_000;

/** Looks until something holds; throws, saying what did not, when it takes too long. */
export const until = async (
  what: string,
  holds: () => boolean | Promise<boolean>,
): Promise<void> => {
  const deadline = Date.now() + patienceMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`it did not come to this: ${what}`);
    await sleep(20);
  }
};
