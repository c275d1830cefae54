import { Exact } from '@tallystick/kernel';
import {
  engineOf,
  type Budget,
  type CertificateRule,
  type CompiledDiscount,
  type Membership,
  type Reward,
  type Rulebook,
} from '@tallystick/rulebook';
import type { Environment } from '@tallystick/conditions';
import { audienceEffects, audienceOf, everybody } from './audience.js';
import { capEffects } from './effects-of-rules.js';
import { lifeEffects } from './effects-on-lots.js';
import { windowEffects } from './effects-of-windows.js';
import {
  bySign,
  less,
  more,
  otherwise,
  paired,
  rise,
  span,
  stepEffects,
  type Effect,
  type Effects,
} from './effects.js';
import { budgetWords, discountWords } from './words.js';

/** What else changes for members: what points are worth and how long, discounts, rewards, and what is taken back. */
export const termEffects = (before: Rulebook, after: Rulebook, types: Environment): Effects => [
  ['all rules together', capEffects(before.caps, after.caps, ' by all rules together', after)],
  ['points', lifeEffects(before.lots, after.lots, after, everybody)],
  ...exclusionEffects(before, after),
  ...discountEffects(before, after, types),
  ['the value of points', valueEffects(before, after)],
  ...paired(before.rewards, after.rewards).map(
    ([id, was, is]) => [`reward ${id}`, rewardEffects(was, is, after)] as const,
  ),
  ...paired(before.certificates, after.certificates).map(
    ([id, was, is]) => [`certificate ${id}`, certificateEffects(was, is, after)] as const,
  ),
  ...paired(before.memberships, after.memberships).map(
    ([id, was, is]) => [`membership ${id}`, membershipEffects(was, is, after)] as const,
  ),
  ...paired(before.budgets, after.budgets).map(
    ([id, was, is]) => [`budget ${id}`, budgetEffects(was, is, before, after)] as const,
  ),
  ...paired(before.groups, after.groups).map(
    ([id, was, is]) =>
      [
        `group ${id}`,
        was === undefined || is === undefined || was.take === is.take
          ? []
          : [
              (is.take === 'best' ? more : less)(
                'those to whom several of its rules apply',
                `what the ${is.take} of them gives, not the ${was.take}`,
              ),
            ],
      ] as const,
  ),
  ...windowEffects(before, after),
];

const exclusionEffects = ({ exclusions: was }: Rulebook, { exclusions: is }: Rulebook): Effects =>
  (
    [
      ['categories', 'category'],
      ['products', 'product'],
      ['brands', 'brand'],
    ] as const
  ).map(([list, kind]) => {
    const added = is[list].filter((one) => !was[list].includes(one));
    const removed = was[list].filter((one) => !is[list].includes(one));
    const who = (some: readonly string[]): string => `those who buy ${kind} ${some.join(', ')}`;
    return [
      `${list} that earn nothing`,
      [
        ...(added.length === 0
          ? []
          : [less(who(added), 'it earns nothing any more, and is not reduced')]),
        ...(removed.length === 0 ? [] : [more(who(removed), 'it earns, and may be reduced')]),
      ],
    ] as const;
  });

const discountEffects = (before: Rulebook, after: Rulebook, types: Environment): Effects => {
  const named = (book: Rulebook) =>
    engineOf(book).discounts.map((compiled) => ({ id: compiled.rule.id, compiled }));
  const who = ({ when, lines }: CompiledDiscount): string => audienceOf(when, lines);
  return paired(named(before), named(after)).map(([id, then, now]) => {
    if (then === undefined || now === undefined)
      return [
        `discount ${id}`,
        [
          ...(then === undefined
            ? []
            : [less(who(then.compiled), `no more ${offWords(then.compiled, before)}`)]),
          ...(now === undefined ? [] : [more(who(now.compiled), offWords(now.compiled, after))]),
        ],
      ];
    return [
      `discount ${id}`,
      [
        ...audienceEffects(then.compiled.when, now.compiled.when, 'receipts', types),
        ...audienceEffects(then.compiled.lines, now.compiled.lines, 'lines', types),
        ...percentEffects(then.compiled, now.compiled, who(now.compiled), before, after),
      ],
    ];
  });
};

/** What it takes off, without whom. */
const offWords = ({ rule: { when: _, lines: __, ...rule } }: CompiledDiscount, book: Rulebook) =>
  discountWords(rule, book).replace(', for everybody', '');

const percentEffects = (
  then: CompiledDiscount,
  now: CompiledDiscount,
  who: string,
  before: Rulebook,
  after: Rulebook,
): Effect[] => {
  const [was, is] = [then.rule, now.rule];
  if (was.percent !== undefined && is.percent !== undefined)
    return bySign(
      rise(was.percent, is.percent),
      who,
      `${is.percent} % off instead of ${was.percent} %`,
    );
  if (was.bySpend?.period !== is.bySpend?.period)
    return [otherwise(who, `${offWords(now, after)}; until now ${offWords(then, before)}`)];
  const steps = ({ bySpend }: typeof was) =>
    (bySpend?.steps ?? []).map(({ from, percent }) => ({ from, gives: percent }));
  const period = is.bySpend?.period ?? 'month';
  return stepEffects(
    steps(was),
    steps(is),
    (from, to) => `${who}, with ${span(from, to, after.currency)} in the ${period} before`,
    (gave, gives) => `${gives} % off instead of ${gave} %`,
  );
};

const valueEffects = ({ redemption: was }: Rulebook, after: Rulebook): Effect[] => {
  const { redemption: is, currency } = after;
  if (was === null || is === null)
    return [
      ...(was === null ? [] : [less(everybody, 'points cannot be spent as money any more')]),
      ...(is === null ? [] : [more(everybody, 'points can be spent as money')]),
    ];
  const each = ({ value, points }: NonNullable<Rulebook['redemption']>): Exact.Exact =>
    Exact.divide(Exact.exact(value), Exact.exact(points));
  return bySign(
    Exact.compare(each(is), each(was)),
    everybody,
    `${is.points} points are ${is.value} ${currency}, and ${was.points} were ${was.value}: those that they have already, too`,
  );
};

const rewardEffects = (
  was: Reward | undefined,
  is: Reward | undefined,
  { tiers, unit }: Rulebook,
): Effect[] => {
  const want = (reward: Reward): string => `those who would like ${reward.name}`;
  if (was === undefined)
    return is === undefined ? [] : [more(want(is), `for ${is.points} ${unit}`)];
  if (is === undefined) return [less(want(was), 'it is gone')];
  const height = (tier: string | undefined): number =>
    tiers?.levels.findIndex(({ id }) => id === tier) ?? -1;
  const from = (tier: string | undefined): string =>
    tier === undefined ? 'for everybody' : `from level ${tier} on`;
  return [
    ...bySign(
      was.points - is.points,
      want(is),
      `for ${is.points} ${unit} instead of ${was.points}`,
    ),
    ...(was.tier === is.tier
      ? []
      : bySign(
          height(was.tier) - height(is.tier),
          `${want(is)} and are below level ${(height(was.tier) > height(is.tier) ? was.tier : is.tier) ?? ''}`,
          `${from(is.tier)} instead of ${from(was.tier)}`,
        )),
  ];
};

const certificateEffects = (
  was: CertificateRule | undefined,
  is: CertificateRule | undefined,
  { currency, unit }: Rulebook,
): Effect[] => {
  if (was !== undefined && is !== undefined && was.by !== is.by)
    return [otherwise(everybody, `given by ${is.by} instead of ${was.by}`)];
  const rule = is ?? was;
  if (rule === undefined) return [];
  const steps = (one: CertificateRule | undefined) =>
    (one?.steps ?? []).map(({ from, value }) => ({ from, gives: value }));
  const counted = rule.by === 'spend' ? currency : unit;
  return [
    ...stepEffects(
      steps(was),
      steps(is),
      (from, to) => `members with ${span(from, to, counted)} in a ${rule.period}`,
      (gave, gives) => `a certificate of ${gives} ${currency} instead of ${gave}`,
    ),
    ...bySign(
      was === undefined || is === undefined ? 0 : is.validDays - was.validDays,
      'those who are given one',
      `it is valid for ${is?.validDays ?? 0} days instead of ${was?.validDays ?? 0}`,
    ),
  ];
};

const membershipEffects = (
  was: Membership | undefined,
  is: Membership | undefined,
  { currency }: Rulebook,
): Effect[] => {
  const who = 'those who buy it';
  if (was === undefined)
    return is === undefined ? [] : [more(who, `level ${is.level} for ${is.fee} ${currency}`)];
  if (is === undefined) return [less(who, 'it cannot be bought any more')];
  return [
    ...bySign(rise(is.fee, was.fee), who, `for ${is.fee} ${currency} instead of ${was.fee}`),
    ...bySign(is.months - was.months, who, `for ${is.months} months instead of ${was.months}`),
    ...(was.level === is.level
      ? []
      : [otherwise(who, `level ${is.level} instead of ${was.level}`)]),
  ];
};

const budgetEffects = (
  was: Budget | undefined,
  is: Budget | undefined,
  before: Rulebook,
  after: Rulebook,
): Effect[] => {
  // What a rule gives out of it is said with the rule.
  if (was === undefined || is === undefined) return [];
  const who = 'those who come when much of it is spent';
  const how = `${budgetWords(is, after)}; until now ${budgetWords(was, before)}`;
  const amount = ({ points, money }: Budget): string => money ?? `${points ?? 0}`;
  if (
    was.per !== is.per ||
    was.each !== is.each ||
    (was.money === undefined) !== (is.money === undefined)
  )
    return [otherwise(who, how)];
  const again = (is.returns === 'give-back' ? 1 : 0) - (was.returns === 'give-back' ? 1 : 0);
  return [...bySign(rise(amount(was), amount(is)), who, how), ...bySign(again, who, how)].slice(
    0,
    1,
  );
};
