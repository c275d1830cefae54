import { Exact } from '@tallystick/kernel';
import type { Rulebook, TierLevel, Tiers } from '@tallystick/rulebook';
import { everybody } from './audience.js';
import { bySign, less, more, otherwise, rise, span, type Effect, type Effects } from './effects.js';

/** What other levels mean for members: for those who are on them, and for those who would be. */
export const levelEffects = (before: Rulebook, after: Rulebook): Effects => {
  const [was, is] = [before.tiers, after.tiers];
  if (was === null || is === null)
    return [
      ...aboveTheFirst(was).map(
        ({ id }) => [`level ${id}`, [less(on(id), 'there are no levels any more')]] as const,
      ),
      ...aboveTheFirst(is).map(({ id }) => [`level ${id}`, [more(on(id), 'it is new')]] as const),
    ];
  return [
    ['the ladder', ladderEffects(was, is)],
    ...is.levels.flatMap((level) => {
      const old = was.levels.find(({ id }) => id === level.id);
      return old === undefined ? [] : [[`level ${level.id}`, giftEffects(old, level)] as const];
    }),
    ...(was.by === is.by && is.by !== 'paid' ? movesBetween(was, is, after) : []),
    ...(was.by === 'paid' && is.by === 'paid' ? paidEffects(was, is) : []),
  ];
};

/** On the first one is who has come to nothing. */
const aboveTheFirst = (tiers: Tiers | null): readonly TierLevel[] => tiers?.levels.slice(1) ?? [];

const on = (level: string): string => `members on level ${level}`;

const ladderEffects = (was: Tiers, is: Tiers): Effect[] => {
  if (was.by !== is.by) return [otherwise(everybody, `levels go by ${is.by} instead of ${was.by}`)];
  const window = rank(windows, is.window) - rank(windows, was.window);
  const upgrade =
    rank(upgrades, is.upgrade ?? 'at-once') - rank(upgrades, was.upgrade ?? 'at-once');
  return [
    ...(was.window === is.window
      ? []
      : window === 0
        ? [otherwise(everybody, 'what counts for a level is counted over another time')]
        : bySign(
            window,
            `members whose ${is.by} lies further back`,
            window > 0
              ? 'it goes on counting for their level'
              : 'it counts no more for their level',
          )),
    ...bySign(
      upgrade,
      'members who reach a level',
      `it begins ${spaced(is.upgrade ?? 'at-once')} instead of ${spaced(was.upgrade ?? 'at-once')}`,
    ),
    ...downgradeEffects(was.downgrade ?? 'straight', is.downgrade ?? 'straight'),
  ];
};

const spaced = (word: string): string => word.replaceAll('-', ' ');

/** From the worst for members to the best; what stands together cannot be told. */
const windows = [['calendar-year', 'rolling-12-months'], ['lifetime']];
const upgrades = [['next-window'], ['next-month'], ['at-once']];
const rank = (groups: readonly (readonly string[])[], word: string): number =>
  groups.findIndex((group) => group.includes(word));

type Downgrade = NonNullable<Tiers['downgrade']>;

const downgradeEffects = (was: Downgrade, is: Downgrade): Effect[] => {
  const who = 'members who reach their level no more';
  const how = `${fallWords(is)}; until now they ${fallWords(was)}`;
  if (typeof was === 'object' && typeof is === 'object')
    return bySign(is.graceMonths - was.graceMonths, who, how);
  const height = (one: Downgrade): number => (one === 'straight' ? 0 : one === 'never' ? 2 : 1);
  if (height(was) !== height(is)) return bySign(height(is) - height(was), who, how);
  return was === is ? [] : [otherwise(who, how)];
};

const fallWords = (downgrade: Downgrade): string => {
  if (typeof downgrade === 'object') return `keep it for ${downgrade.graceMonths} months`;
  return downgrade === 'never'
    ? 'keep it'
    : downgrade === 'one-step'
      ? 'fall by one level'
      : 'fall to the level that they reach';
};

/** What a level gives more or less than it did. */
const giftEffects = (was: TierLevel, is: TierLevel): Effect[] => {
  const lost = (was.entitlements ?? []).filter((one) => is.entitlements?.includes(one) !== true);
  const won = (is.entitlements ?? []).filter((one) => was.entitlements?.includes(one) !== true);
  const off = (percent = '0'): string => (percent === '0' ? 'nothing off' : `${percent} % off`);
  return [
    ...bySign(
      rise(was.multiplier, is.multiplier),
      on(is.id),
      `points times ${is.multiplier} instead of ${was.multiplier}`,
    ),
    ...bySign(
      rise(was.discount ?? '0', is.discount ?? '0'),
      on(is.id),
      `${off(is.discount)} instead of ${off(was.discount)}`,
    ),
    ...(lost.length === 0 ? [] : [less(on(is.id), `no more ${lost.join(', ')}`)]),
    ...(won.length === 0 ? [] : [more(on(is.id), `${won.join(', ')} too`)]),
  ];
};

/** Who would be on another level with what they have come to. */
const movesBetween = (was: Tiers, is: Tiers, { currency, unit }: Rulebook): Effects => {
  const edges = [...was.levels, ...is.levels]
    .map(({ from }) => Exact.toDecimal(Exact.exact(from)))
    .filter((edge, index, all) => all.indexOf(edge) === index)
    .sort((a, b) => rise(b, a));
  const counted = is.by === 'spend' ? currency : is.by === 'points' ? unit : 'visits';
  return edges.flatMap((from, index) => {
    const [then, now] = [levelAt(was, from), levelAt(is, from)];
    if (then === undefined || now === undefined || then.id === now.id) return [];
    const sign = betterBy(then, now, is);
    const who = `members with ${span(from, edges[index + 1] ?? null, counted)}`;
    const effects = bySign(
      sign,
      who,
      [
        `level ${now.id} instead of ${then.id}`,
        ...giftEffects(then, now).map(({ how }) => how),
      ].join(', '),
    );
    return [[`level ${sign < 0 ? then.id : now.id}`, effects] as const];
  });
};

const levelAt = ({ levels }: Tiers, amount: string): TierLevel | undefined =>
  levels.findLast(({ from }) => rise(from, amount) >= 0);

/** By what it gives; of two that give alike, by which is the higher one. */
const betterBy = (then: TierLevel, now: TierLevel, { levels }: Tiers): number => {
  const gifts = giftEffects(then, now).map(({ gets }) => (gets === 'more' ? 1 : -1));
  if (gifts.length > 0 && gifts.every((sign) => sign === gifts[0])) return gifts[0] ?? 0;
  const height = ({ id, from }: TierLevel): string =>
    levels.find((level) => level.id === id)?.from ?? from;
  return rise(height(then), height(now));
};

const paidEffects = (was: Tiers, is: Tiers): Effects => [
  ...was.levels.flatMap(({ id }) =>
    is.levels.some((level) => level.id === id)
      ? []
      : [[`level ${id}`, [less(on(id), 'it is gone')]] as const],
  ),
  ...is.levels.flatMap(({ id }) =>
    was.levels.some((level) => level.id === id)
      ? []
      : [[`level ${id}`, [more(`members who buy level ${id}`, 'it is new')]] as const],
  ),
];
