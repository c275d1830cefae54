import type { Reward, Rulebook } from './rulebook.js';

const discount = 'discount';
const rewardPrefix = 'reward:';

/** What points can be spent on under a version: `discount`, money off, where it gives them a value; `reward:<id>` for each reward. */
export const kindsOf = ({
  redemption,
  rewards = [],
}: Pick<Rulebook, 'redemption' | 'rewards'>): string[] => [
  ...(redemption === null ? [] : [discount]),
  ...rewards.map(({ id }) => `${rewardPrefix}${id}`),
];

/** The reward that a kind names; null where it names none that the version has. */
export const rewardOf = (
  { rewards = [] }: Pick<Rulebook, 'rewards'>,
  kind: string,
): Reward | null => rewards.find(({ id }) => kind === `${rewardPrefix}${id}`) ?? null;

/** The rewards that a member of a level may have; a level of null: there is no ladder, or it has begun on none. */
export const rewardsFor = (
  { rewards = [], tiers }: Pick<Rulebook, 'rewards' | 'tiers'>,
  level: string | null,
): Reward[] => {
  const levels = (tiers?.levels ?? []).map(({ id }) => id);
  const reached = level === null ? -1 : levels.indexOf(level);
  return rewards.filter(({ tier }) => tier === undefined || reached >= levels.indexOf(tier));
};

/** Why a version does not let points be spent so. */
export type SpendingFault =
  | { readonly kind: 'kind-unknown'; readonly kinds: readonly string[] }
  | { readonly kind: 'reward-unknown'; readonly rewards: readonly Reward[] }
  | { readonly kind: 'level-too-low'; readonly reward: Reward; readonly level: string | null }
  | { readonly kind: 'price-differs'; readonly reward: Reward };

/** Null: they may. `levelOf` is asked only where a reward is not for everybody. */
export const spendingFault = (
  book: Rulebook,
  { kind, points }: { readonly kind: string; readonly points: number },
  levelOf: () => string | null,
): SpendingFault | null => {
  const reward = rewardOf(book, kind);
  if (reward === null) {
    if (kind.startsWith(rewardPrefix))
      return { kind: 'reward-unknown', rewards: book.rewards ?? [] };
    const kinds = kindsOf(book);
    return kinds.includes(kind) ? null : { kind: 'kind-unknown', kinds };
  }
  if (reward.tier !== undefined) {
    const level = levelOf();
    if (!rewardsFor(book, level).includes(reward)) return { kind: 'level-too-low', reward, level };
  }
  return points === reward.points ? null : { kind: 'price-differs', reward };
};
