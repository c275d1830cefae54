import { Exact } from '@tallystick/kernel';
import { birthdayAsked, birthdayCondition, type Cap, type Rulebook } from '@tallystick/rulebook';
import type { Doubt } from './warnings.js';

/** Amounts, periods and dates that can hardly be meant. Of a checked rulebook. */
export const doubtsAboutAmounts = (book: Rulebook): Doubt[] => [
  ...capsIn(book),
  ...levelsThatGiveLess(book),
  ...discountsThatLose(book),
  ...unused(book),
  ...givesBackTooMuch(book),
  ...birthdayOfNobody(book),
];

const birthdayOfNobody = (book: Rulebook): Doubt[] =>
  book.birthday === undefined || birthdayAsked(book) !== null
    ? []
    : [{ path: ['birthday'], message: `is never asked: no condition names ${birthdayCondition}` }];

const capsIn = ({ earning, caps = [] }: Rulebook): Doubt[] => [
  ...capsOf(caps, ['caps'], 'nothing is ever given under it', null),
  ...earning.flatMap((rule, index) => {
    const path = ['earning', index, 'caps'] as const;
    return capsOf(rule.caps ?? [], path, 'the rule never gives anything under it', path);
  }),
];

/** From the shortest to the longest. */
const periods = ['receipt', 'day', 'week', 'month', 'year', 'lifetime'];

const capsOf = (
  caps: readonly Cap[],
  path: Doubt['path'],
  nothing: string,
  zeroAt: Doubt['path'] | null,
): Doubt[] => {
  const zero = caps.findIndex(({ points }) => points === 0);
  if (zero >= 0) return [{ path: zeroAt ?? [...path, zero], message: nothing }];
  return caps.flatMap((cap, index) => {
    const tighter = caps.find(
      (other, place) =>
        other !== cap &&
        other.points <= cap.points &&
        (other.per === cap.per
          ? other.points < cap.points || place < index
          : periods.indexOf(other.per) > periods.indexOf(cap.per)),
    );
    return tighter === undefined
      ? []
      : [
          {
            path: [...path, index],
            message: `never cuts anything: ${tighter.points} per ${tighter.per} come first`,
          },
        ];
  });
};

const levelsThatGiveLess = ({ tiers }: Rulebook): Doubt[] =>
  (tiers?.levels ?? []).flatMap((level, index, levels) => {
    const below = levels[index - 1];
    if (below === undefined) return [];
    const less = (field: string, own: string, before: string): Doubt[] =>
      Exact.compare(Exact.exact(own), Exact.exact(before)) < 0
        ? [
            {
              path: ['tiers', 'levels', index, field],
              message: `is less than what ${below.id} gives, the level below (${before})`,
            },
          ]
        : [];
    return [
      ...less('multiplier', level.multiplier, below.multiplier),
      ...less('discount', level.discount ?? '0', below.discount ?? '0'),
    ];
  });

/** Percentages do not add up: of two that always apply the lower one never does. */
const discountsThatLose = ({ discounts = [] }: Rulebook): Doubt[] =>
  discounts.flatMap(({ id, percent }, index) => {
    if (percent === undefined) return [];
    const better = discounts.find((other, place) => {
      if (other.id === id || other.percent === undefined) return false;
      if (other.when !== undefined || other.lines !== undefined) return false;
      const by = Exact.compare(Exact.exact(other.percent), Exact.exact(percent));
      return by > 0 || (by === 0 && place < index);
    });
    return better === undefined
      ? []
      : [
          {
            path: ['discounts', index, 'percent'],
            message: `never applies: ${better.id} takes ${better.percent ?? ''} % off everything, and percentages do not add up`,
          },
        ];
  });

const unused = ({ earning, partnerEvents, budgets = [], groups = [] }: Rulebook): Doubt[] => {
  const paid = new Set([...earning, ...partnerEvents].map(({ budget }) => budget));
  const grouped = new Set(earning.map(({ group }) => group));
  return [
    ...budgets.flatMap(({ id }, index) =>
      paid.has(id)
        ? []
        : [
            {
              path: ['budgets', index, 'id'],
              message: `limits nothing: no rule has budget: ${id}`,
            },
          ],
    ),
    ...groups.flatMap(({ id }, index) =>
      grouped.has(id)
        ? []
        : [{ path: ['groups', index, 'id'], message: `is empty: no rule has group: ${id}` }],
    ),
  ];
};

const half = Exact.ratio(1n, 2n);

/** A slip of the unit: what is earned on a purchase is worth more than half of it. */
const givesBackTooMuch = ({ earning, redemption }: Rulebook): Doubt[] => {
  if (redemption === null) return [];
  const each = Exact.divide(Exact.exact(redemption.value), Exact.exact(redemption.points));
  return earning.flatMap(({ points, per }, index) => {
    if (points === undefined || per === undefined) return [];
    const back = Exact.multiply(Exact.divide(Exact.exact(points), Exact.exact(per)), each);
    if (Exact.compare(back, half) <= 0) return [];
    const percent = Exact.round(Exact.multiply(back, Exact.exact(100)), 'half-up');
    return [
      {
        path: ['earning', index, 'points'],
        message: `gives back ${percent} % of what is paid: ${redemption.points} points are worth ${redemption.value}`,
      },
    ];
  });
};
