import { setTimeout as sleep } from 'node:timers/promises';

const lookEveryMs = 20;

/** Looks until something is so. Throws after `timeoutMs`. */
export const eventually = async (is: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> => {
  const until = Date.now() + timeoutMs;
  while (!(await is())) {
    if (Date.now() > until) throw new Error(`not so within ${timeoutMs} ms`);
    await sleep(lookEveryMs);
  }
};
