import { Exact, dayAt, instant, timeZone } from '@tallystick/kernel';
import { lotDates, type EarningRule, type LotLife, type Rulebook } from '@tallystick/rulebook';
import type { Doubt } from './warnings.js';

/**
 * Slips that cost money although each field may be written so: a unit that is taken for another one, a day of last year. Doubts and no
 * faults: a version that was published with one must still be read. Of a checked rulebook.
 */
export const doubtsAboutSlips = (book: Rulebook): Doubt[] => [
  ...deadAtBirth(book, book.lots, ['lots']),
  ...book.earning.flatMap(({ lots }, index) =>
    lots === undefined ? [] : deadAtBirth(book, lots, ['earning', index, 'lots']),
  ),
  ...multipliers(book),
  ...percents(book),
  ...book.earning.flatMap(alwaysCut),
  ...noNextWindow(book),
  ...uncapped(book),
];

/** Lots earned on the first day of the version that nobody can ever spend: the day of a copied document, or a wait that outlasts them. */
const deadAtBirth = (book: Rulebook, life: LotLife, path: Doubt['path']): Doubt[] => {
  const { pendingDays, pendingUntil, expiry } = life;
  const zone = timeZone(book.timeZone);
  const from = instant(book.effectiveFrom);
  const first = dayAt(from, zone);
  const { availableAt, expiresAt } = lotDates(book, from, life);
  if (expiresAt === null || expiresAt > availableAt) return [];
  const doubt = (field: readonly string[], message: string): Doubt[] => [
    { path: [...path, ...field], message },
  ];
  const on = typeof expiry === 'object' && 'on' in expiry ? expiry.on : null;
  if (on !== null && on < first)
    return doubt(
      ['expiry', 'on'],
      `every lot is dead at birth: this version comes into force on ${first}; write a later day`,
    );
  const available = dayAt(availableAt, zone);
  if (pendingUntil !== undefined && available === pendingUntil)
    return on === null
      ? doubt(
          ['pendingUntil'],
          `what is earned on ${first} lapses before: write an earlier day, or more months in expiry`,
        )
      : doubt(
          ['pendingUntil'],
          `lots lapse on ${on}, before they become available: are the two turned round?`,
        );
  return doubt(
    ['pendingDays'],
    `what is earned on ${first} becomes available on ${available}, when it has lapsed: write fewer than ${pendingDays} days, or a longer expiry`,
  );
};

const ten = Exact.exact(10);
const hundred = Exact.exact(100);
const one = Exact.exact(1);

/** A percentage that is taken for a factor. */
const multipliers = ({ tiers, earning }: Rulebook): Doubt[] => {
  const look = (path: Doubt['path'], times: string | undefined, slip: Exact.Exact): Doubt[] => {
    const factor = Exact.exact(times ?? '1');
    if (Exact.compare(factor, ten) <= 0) return [];
    const by = Exact.compare(factor, hundred) < 0 ? slip : hundred;
    const meant = Exact.toDecimal(Exact.divide(factor, by));
    return [{ path, message: `times ${Exact.toDecimal(factor)}: is '${meant}' meant?` }];
  };
  return [
    ...(tiers?.levels ?? []).flatMap(({ multiplier }, index) =>
      look(['tiers', 'levels', index, 'multiplier'], multiplier, ten),
    ),
    ...earning.flatMap(({ extra }, index) => look(['earning', index, 'extra'], extra, hundred)),
  ];
};

/** A factor that is taken for a percentage. */
const percents = ({ tiers, discounts = [] }: Rulebook): Doubt[] => {
  const look = (path: Doubt['path'], percent: string | undefined): Doubt[] => {
    if (percent === undefined) return [];
    const value = Exact.exact(percent);
    if (Exact.compare(value, one) >= 0) return [];
    const meant = Exact.toDecimal(Exact.multiply(value, hundred));
    return [{ path, message: `${Exact.toDecimal(value)} %: is '${meant}' meant?` }];
  };
  return [
    ...(tiers?.levels ?? []).flatMap(({ discount }, index) =>
      look(['tiers', 'levels', index, 'discount'], discount),
    ),
    ...discounts.flatMap(({ percent, bySpend }, index) => [
      ...look(['discounts', index, 'percent'], percent),
      ...(bySpend?.steps ?? []).flatMap((step, at) =>
        look(['discounts', index, 'bySpend', 'steps', at, 'percent'], step.percent),
      ),
    ]),
  ];
};

/** A number of points that is fixed, and above the rule's own cap. A cap of nothing is told as such. */
const alwaysCut = (rule: EarningRule, index: number): Doubt[] => {
  const { points, per, steps = [], caps = [] } = rule;
  if (caps.some((cap) => cap.points === 0)) return [];
  const path = ['earning', index] as const;
  return caps.flatMap((cap, at): Doubt[] => {
    if (points !== undefined && per === undefined && cap.points < points)
      return [
        {
          path: [...path, 'caps', at, 'points'],
          message: `always cuts: the rule gives ${points}, and never more than ${cap.points} under this; write ${points} or more here, or fewer points in the rule`,
        },
      ];
    return steps.flatMap((step, place) =>
      step.points <= cap.points
        ? []
        : [
            {
              path: [...path, 'steps', place, 'points'],
              message: `is never given: at most ${cap.points} per ${cap.per} are; write ${cap.points} or fewer here, or more points in the cap`,
            },
          ],
    );
  });
};

const noNextWindow = ({ tiers }: Rulebook): Doubt[] =>
  tiers?.window === 'rolling-12-months' && tiers.upgrade === 'next-window'
    ? [
        {
          path: ['tiers', 'upgrade'],
          message:
            'a rolling window has no next one, so levels rise on 1 January: write at-once or next-month, or window: calendar-year',
        },
      ]
    : [];

/** The programme's caps are for receipts: what partners' events give, a budget bounds. */
const uncapped = ({ caps, partnerEvents }: Rulebook): Doubt[] => {
  const open = partnerEvents.filter(({ budget }) => budget === undefined).map(({ id }) => id);
  return caps === undefined || open.length === 0
    ? []
    : [
        {
          path: ['caps'],
          message: `cuts receipts only, not partner events: give ${open.slice(0, 3).join(', ')}${open.length > 3 ? ', …' : ''} a budget, or leave it so if it is meant`,
        },
      ];
};
