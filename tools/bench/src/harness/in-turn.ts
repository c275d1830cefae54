import type { Effort, Measured } from './benchmark.js';

/** One run of a side, from its preparation to its check. The number of the run is 0 for the warm-up. */
export type Side = (run: number) => Promise<Measured>;

/**
 * Runs the two sides in turn, A B A B ..., after one run of each that does not count: what the machine does
 * meanwhile meets both alike. Returns units per second, pair by pair.
 */
export const inTurn = async (
  { pairs, say }: Pick<Effort, 'pairs'> & { readonly say: (line: string) => void },
  ours: Side,
  baseline: Side,
): Promise<readonly { readonly ours: number; readonly baseline: number }[]> => {
  const rates: { ours: number; baseline: number }[] = [];
  for (let run = 0; run <= pairs; run += 1) {
    const rate = { ours: perSecond(await ours(run)), baseline: perSecond(await baseline(run)) };
    say(
      `${run === 0 ? 'warm-up' : `pair ${run}/${pairs}`}: ${rate.ours.toFixed(0)} / ${rate.baseline.toFixed(0)} = ${(rate.ours / rate.baseline).toFixed(2)}`,
    );
    if (run > 0) rates.push(rate);
  }
  return rates;
};

const perSecond = ({ count, seconds }: Measured): number => count / seconds;

/** Seconds that a piece of work takes. */
export const secondsOf = async (work: () => Promise<unknown>): Promise<number> => {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
};

/** Runs `callers` loops at once over one list of things to do; each takes the next when it is done with one. */
export const byCallers = async <T>(
  callers: number,
  work: readonly T[],
  call: (item: T, caller: number) => Promise<void>,
): Promise<void> => {
  let next = 0;
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let item = work[next++]; item !== undefined; item = work[next++]) {
        await call(item, caller);
      }
    }),
  );
};
