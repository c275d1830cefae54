import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A source of chance that gives the same run for the same seed, on every machine. */
export interface Random {
  /** A whole number, `from` and `to` included. */
  between(from: number, to: number): number;
  /** True `percent` times in a hundred; finer than one per cent by a fraction such as 0.5. */
  chance(percent: number): boolean;
  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T;
  /** One of a list that is not empty, as likely as its weight (whole, above zero) says. */
  weighted<T extends { readonly weight: number }>(list: readonly T[]): T;
}

const perHundredPercent = 100_000;

export const random = (seed: number): Random => {
  const generator = xoroshiro128plus(seed);
  const between = (from: number, to: number): number => uniformInt(generator, from, to);
  const at = <T>(list: readonly T[], index: number): T => {
    const found = list[index];
    if (found === undefined) throw new Error('chance needs a list that is not empty');
    return found;
  };
  return {
    between,
    chance: (percent) => between(1, perHundredPercent) <= (percent * perHundredPercent) / 100,
    pick: (list) => at(list, between(0, list.length - 1)),
    weighted: (list) => {
      let left = between(
        1,
        list.reduce((sum, { weight }) => sum + weight, 0),
      );
      return at(
        list,
        list.findIndex(({ weight }) => {
          left -= weight;
          return left <= 0;
        }),
      );
    },
  };
};
