import { Exact } from '@tallystick/kernel';

/** Whom a change is good or bad for. */
export interface Effect {
  /** `members on level silver`, `those who buy category tobacco`. */
  readonly who: string;
  /** `otherwise`: more for some of them, less for others, or nobody can say. */
  readonly gets: 'more' | 'less' | 'otherwise';
  /** What they get, and what until now. */
  readonly how: string;
}

/** The effects of each part of a rulebook, under the name that `rulebookDiff` gives it. */
export type Effects = readonly (readonly [what: string, effects: readonly Effect[]])[];

export const more = (who: string, how: string): Effect => ({ who, gets: 'more', how });
export const less = (who: string, how: string): Effect => ({ who, gets: 'less', how });
export const otherwise = (who: string, how: string): Effect => ({ who, gets: 'otherwise', how });

/** Above zero: it is more. */
export const bySign = (sign: number, who: string, how: string): Effect[] =>
  sign === 0 ? [] : [sign > 0 ? more(who, how) : less(who, how)];

/** How one amount lies to another: above zero where the second is more. */
export const rise = (before: string | number, after: string | number): number =>
  Exact.compare(Exact.exact(after), Exact.exact(before));

/** Of two versions of a list: what stands in both, what came and what went, by ids. */
export const paired = <Item extends { readonly id: string }>(
  before: readonly Item[] = [],
  after: readonly Item[] = [],
): (readonly [id: string, before: Item | undefined, after: Item | undefined])[] =>
  [...new Set([...before, ...after].map(({ id }) => id))].map((id) => [
    id,
    before.find((item) => item.id === id),
    after.find((item) => item.id === id),
  ]);

interface Step {
  readonly from: string;
  /** An exact decimal. */
  readonly gives: string;
}

/** Where one flight of steps gives more, or less, than another. Steps ascend. */
export const stepEffects = (
  before: readonly Step[],
  after: readonly Step[],
  who: (from: string, to: string | null) => string,
  how: (gave: string, gives: string) => string,
): Effect[] => {
  const at = (steps: readonly Step[], amount: string): string =>
    steps.findLast(({ from }) => rise(from, amount) >= 0)?.gives ?? '0';
  const edges = [...new Set([...before, ...after].map(({ from }) => Exact.exact(from)))]
    .sort(Exact.compare)
    .map(Exact.toDecimal)
    .filter((edge, index, all) => edge !== all[index - 1]);
  return edges.flatMap((from, index) => {
    const [gave, gives] = [at(before, from), at(after, from)];
    return bySign(rise(gave, gives), who(from, edges[index + 1] ?? null), how(gave, gives));
  });
};

export const span = (from: string, to: string | null, unit: string): string =>
  to === null ? `${from} ${unit} or more` : `${from} to under ${to} ${unit}`;
