import type { Effort, Measured } from './benchmark.js';

/** One run of a side, from its preparation to its check. The number of the run is 0 for the warm-up. */
export type Side = (run: number) => Promise<Measured>;

interface Telling extends Pick<Effort, 'pairs'> {
  readonly say: (line: string) => void;
}

/**
 * Runs the two sides in turn, A B A B ..., after one run of each that does not count: what the machine does
 * meanwhile meets both alike. Returns units per second, pair by pair.
 */
export const inTurn = async (
  telling: Telling,
  ours: Side,
  baseline: Side,
): Promise<readonly { readonly ours: number; readonly baseline: number }[]> =>
  pairsOf(await allInTurn(telling, [ours, baseline]), 1);

/** The same with more sides, of which the first is ours. Returns units per second, run by run, side by side. */
export const allInTurn = async (
  { pairs, say }: Telling,
  sides: readonly Side[],
): Promise<readonly (readonly number[])[]> => {
  const runs: (readonly number[])[] = [];
  for (let run = 0; run <= pairs; run += 1) {
    const rates: number[] = [];
    for (const side of sides) rates.push(perSecond(await side(run)));
    const [ours = 0, ...others] = rates;
    const against = others.map((other) => `${other.toFixed(0)} = ${(ours / other).toFixed(2)}`);
    say(
      `${run === 0 ? 'warm-up' : `pair ${run}/${pairs}`}: ${ours.toFixed(0)} / ${against.join(' / ')}`,
    );
    if (run > 0) runs.push(rates);
  }
  return runs;
};

/** Ours against the baseline that is so many sides behind it. */
export const pairsOf = (
  runs: readonly (readonly number[])[],
  side: number,
): readonly { readonly ours: number; readonly baseline: number }[] =>
  runs.map((rates) => ({ ours: rates[0] ?? NaN, baseline: rates[side] ?? NaN }));

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
