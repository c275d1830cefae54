import { describe, expect, it } from '@jest/globals';
import { factId, instant, localDate, programId } from '@tallystick/kernel';
import { rateAgain, type ReceiptFact, type Rulebook } from '@tallystick/rulebook';
import { rulebookDiff } from './diff.js';
import { readDocument } from './document.js';
import { templateNames, templateText } from './templates.js';

const bookOf = (text: string): Rulebook => {
  const read = readDocument(text);
  if (!read.ok) throw new Error(read.error.map(({ message }) => message).join('; '));
  return read.value;
};
/** A template, and the same with something else in it; with `before` in both. */
const versions = (template: string, from: string, to: string): [Rulebook, Rulebook] => {
  const text = templateText(template) ?? '';
  expect(text).toContain(from);
  return [bookOf(text), bookOf(text.replace(from, to))];
};
const effectsOf = (before: Rulebook, after: Rulebook): string[] =>
  rulebookDiff(before, after).flatMap((change) =>
    change.for.map(({ who, gets, how }) => `${change.what}: ${who} get ${gets}: ${how}`),
  );
const ladder = 'bronze-silver-gold';
const base = "points: 1, per: '1.00'";
const condition = `'member.tier in ["silver", "gold"]'`;
const silver = 'earning rule silver-bonus: ';
const end = 'redemption:';

type Case = readonly [
  what: string,
  template: string,
  from: string,
  to: string,
  said: readonly string[],
];
const cases: readonly Case[] = [
  [
    'a rate that goes up',
    ladder,
    base,
    "points: 2, per: '1.00'",
    [
      'earning rule base: all members get more: 2 points for each 1.00 PLN instead of 1 points for each 1.00 PLN',
    ],
  ],
  [
    'a rate that goes down by its amount',
    ladder,
    base,
    "points: 1, per: '2.00'",
    [
      'earning rule base: all members get less: 1 points for each 2.00 PLN instead of 1 points for each 1.00 PLN',
    ],
  ],
  [
    'an extra that goes up',
    ladder,
    "extra: '0.5'",
    "extra: '1'",
    [
      `${silver}members on level silver or gold get more: 1 times what base gave instead of 0.5 times what base gave`,
    ],
  ],
  ['the same rate in other numbers', ladder, base, "points: 2, per: '2.00'", []],
  [
    'a category that is left out',
    ladder,
    '[tobacco, gift-card]',
    '[tobacco, gift-card, alcohol]',
    [
      'categories that earn nothing: those who buy category alcohol get less: it earns nothing any more, and is not reduced',
    ],
  ],
  [
    'a category that is let in',
    ladder,
    '[tobacco, gift-card]',
    '[gift-card]',
    [
      'categories that earn nothing: those who buy category tobacco get more: it earns, and may be reduced',
    ],
  ],
  [
    'a level that a rule is no more for',
    ladder,
    condition,
    `'member.tier == "gold"'`,
    [`${silver}members on level silver get less: nothing of it any more`],
  ],
  [
    'a level that a rule is for, too',
    ladder,
    condition,
    `'member.tier in ["bronze", "silver", "gold"]'`,
    [`${silver}members on level bronze get more: they did not get it before`],
  ],
  [
    'one level for another',
    ladder,
    condition,
    `'member.tier in ["bronze", "gold"]'`,
    [
      `${silver}members on level silver get less: nothing of it any more`,
      `${silver}members on level bronze get more: they did not get it before`,
    ],
  ],
  [
    'the same in other words',
    ladder,
    condition,
    `'member.tier == "silver" || member.tier == "gold"'`,
    [],
  ],
  [
    'a condition that asks more',
    ladder,
    condition,
    `'member.tier in ["silver", "gold"] && receipt.total >= decimal("50")'`,
    [
      `${silver}members on level silver or gold, but not where receipt.total >= decimal("50") get less: nothing of it any more`,
    ],
  ],
  [
    'a condition where there was none',
    ladder,
    base,
    `${base}, when: 'receipt.channel == "app"'`,
    ['earning rule base: all but those who buy by app get less: nothing of it any more'],
  ],
  [
    'lines that are asked for where all counted',
    ladder,
    base,
    `${base}, lines: 'line.category == "coffee"'`,
    [
      'earning rule base: those who buy anything but category coffee get less: nothing of it any more',
    ],
  ],
  [
    'a cap where there was none',
    ladder,
    base,
    `${base}, caps: [{ points: 500, per: day }]`,
    [
      'earning rule base: those who earn more than 500 points per day by it get less: at most 500 instead of as many as they earn',
    ],
  ],
  [
    'a threshold that goes up',
    ladder,
    "from: '500'",
    "from: '600'",
    [
      'level silver: members with 500 to under 600 PLN get less: level bronze instead of silver, 5 % off instead of 10 % off',
    ],
  ],
  [
    'a threshold that goes down',
    ladder,
    "from: '1000'",
    "from: '900'",
    [
      'level gold: members with 900 to under 1000 PLN get more: level gold instead of silver, 15 % off instead of 10 % off, exclusive offers too',
    ],
  ],
  [
    'a level that is gone',
    ladder,
    "    - { id: bronze, from: '100', discount: '5' }\n",
    '',
    [
      'level bronze: members with 100 to under 500 PLN get less: level member instead of bronze, nothing off instead of 5 % off',
    ],
  ],
  [
    'a level that gives less',
    ladder,
    "discount: '15', entitlements: [exclusive offers]",
    "discount: '12'",
    [
      'level gold: members on level gold get less: 12 % off instead of 15 % off',
      'level gold: members on level gold get less: no more exclusive offers',
    ],
  ],
  [
    'a fall that is deeper',
    ladder,
    'downgrade: one-step',
    'downgrade: straight',
    [
      'the ladder: members who reach their level no more get less: fall to the level that they reach; until now they fall by one level',
    ],
  ],
  [
    'points that lapse sooner',
    ladder,
    'months: 24',
    'months: 12',
    [
      'points: all members get less: new points lapse 12 months after they were earned, at the end of the year; until now they lapse 24 months after they were earned, at the end of the year',
    ],
  ],
  [
    'points that lapse sooner for some, and later for others',
    ladder,
    '{ months: 24, until: end-of-year }',
    '{ months: 29 }',
    [
      'points: all members get otherwise: new points lapse 29 months after they were earned; until now they lapse 24 months after they were earned, at the end of the year',
    ],
  ],
  [
    'points that are there sooner',
    ladder,
    'pendingDays: 14',
    'pendingDays: 0',
    [
      'points: all members get more: new points can be spent at once; until now they can be spent after 14 days',
    ],
  ],
  [
    'points that are worth less',
    ladder,
    "value: '2.00'",
    "value: '1.50'",
    [
      'the value of points: all members get less: 100 points are 1.50 PLN, and 100 were 2.00: those that they have already, too',
    ],
  ],
  [
    'a discount for some, on some days',
    ladder,
    end,
    `discounts: [{ id: d, percent: '9', lines: line.category == "coffee", when: 'receipt.weekday in [6, 7]' }]\n${end}`,
    ['discount d: those who buy on a Saturday or Sunday, for category coffee get more: 9 % off'],
  ],
  [
    'a cap of all rules',
    ladder,
    end,
    `caps: [{ points: 900, per: month }]\n${end}`,
    [
      'all rules together: those who earn more than 900 points per month by all rules together get less: at most 900 instead of as many as they earn',
    ],
  ],
  [
    'texts in single quotes',
    ladder,
    `when: ${condition}`,
    `when: "member.tier in ['gold']"`,
    [`${silver}members on level silver get less: nothing of it any more`],
  ],
  [
    'lines that are asked about their member, too',
    ladder,
    `${base},`,
    `${base}, lines: 'line.category == "coffee" && member.tier == "gold"',`,
    [
      'earning rule base: those who buy anything but lines where line.category == "coffee" && member.tier == "gold" get less: nothing of it any more',
    ],
  ],
  [
    'a sum, of which nobody can say',
    ladder,
    condition,
    "'receipt.lines + 2 > 7'",
    [`${silver}all members get otherwise: for whom it is has changed`],
  ],
  [
    'two segments in place of one of them',
    'like-starbucks',
    `'"stored-card" in receipt.payments'`,
    `'"stored-card" in receipt.payments && "voucher" in receipt.payments'`,
    [
      'earning rule stored-card: those who buy where "stored-card" in receipt.payments, but not where "voucher" in receipt.payments get less: nothing of it any more',
    ],
  ],
  [
    'steps of a discount',
    'cumulative-discount',
    "{ from: '500', percent: '5' }",
    "{ from: '400', percent: '5' }\n        - { from: '900', percent: '4.5' }",
    [
      'discount last-month: all members, with 400 to under 500 PLN in the month before get more: 5 % off instead of 3 %',
      'discount last-month: all members, with 900 PLN or more in the month before get less: 4.5 % off instead of 5 %',
    ],
  ],
  [
    'steps of a certificate, and how long it is valid',
    'cumulative-certificate',
    "- { from: '1000', value: '50' }\n      - { from: '3000', value: '200' }\n    validDays: 30",
    "- { from: '2000', value: '60' }\n    validDays: 60",
    [
      'certificate quarter-gift: members with 1000 to under 2000 PLN in a quarter get less: a certificate of 0 PLN instead of 50',
      'certificate quarter-gift: members with 2000 to under 3000 PLN in a quarter get more: a certificate of 60 PLN instead of 50',
      'certificate quarter-gift: members with 3000 PLN or more in a quarter get less: a certificate of 60 PLN instead of 200',
      'certificate quarter-gift: those who are given one get more: it is valid for 60 days instead of 30',
    ],
  ],
  [
    'a membership that costs more and lasts longer',
    'paid-membership',
    "months: 12, fee: '49.00'",
    "months: 18, fee: '59.00'",
    [
      'membership year: those who buy it get less: for 59.00 EUR instead of 49.00',
      'membership year: those who buy it get more: for 18 months instead of 12',
    ],
  ],
  [
    'a multiplier that goes down',
    'paid-membership',
    "multiplier: '2', discount: '5', entitlements: [free delivery]",
    "multiplier: '1.5', discount: '5', entitlements: [free delivery, early access]",
    [
      'level plus: members on level plus get less: points times 1.5 instead of 2',
      'level plus: members on level plus get more: early access too',
    ],
  ],
  [
    'a reward that costs more, and is for all',
    'like-starbucks',
    'points: 400, tier: gold',
    'points: 450',
    [
      'reward tumbler: those who would like Merchandise up to 20 dollars get less: for 450 stars instead of 400',
      'reward tumbler: those who would like Merchandise up to 20 dollars and are below level gold get more: for everybody instead of from level gold on',
    ],
  ],
  [
    'a cap that goes up',
    'like-starbucks',
    'caps: [{ points: 10, per: week }]',
    'caps: [{ points: 30, per: week }]',
    [
      'earning rule app-monday: those who earn more than 10 stars per week by it get more: at most 30 instead of at most 10',
    ],
  ],
  [
    'another day of the week',
    'like-starbucks',
    'receipt.weekday == 1',
    'receipt.weekday in [1, 2]',
    [
      'earning rule app-monday: those who buy on a Tuesday, where receipt.channel == "app" && receipt.weekday in [1, 2] && receipt.net >= decimal("5.00") get more: they did not get it before',
    ],
  ],
  [
    'a birthday of fewer days',
    'like-sephora',
    'birthday: { daysBefore: 3, daysAfter: 3 }',
    'birthday: { daysBefore: 3, daysAfter: 1 }',
    [
      "a birthday's window: members who buy some days from their birthday get less: it is not their birthday any more",
    ],
  ],
  [
    'a time of grace that is shorter',
    'like-hm',
    'downgrade: { graceMonths: 12 }',
    'downgrade: { graceMonths: 6 }',
    [
      'the ladder: members who reach their level no more get less: keep it for 6 months; until now they keep it for 12 months',
    ],
  ],
  [
    'a first purchase that is welcomed with more',
    'like-hm',
    'points: 30, when: member.firstPurchase',
    'points: 50, when: member.firstPurchase',
    [
      'earning rule welcome: members with their first purchase get more: 50 points for a receipt instead of 30 points for a receipt',
    ],
  ],
  [
    "a partner's rate",
    'like-play',
    'type: top-up, points: 1',
    'type: top-up, points: 3',
    [
      'partner rule top-up: members with a top-up of billing get more: 3 points for each 1.00 PLN of a top-up of billing, rounded down; until now 1 points for each 1.00 PLN of a top-up of billing, rounded down',
    ],
  ],
  [
    'a budget that is smaller',
    'employees',
    'points: 500, per: month, each: sender',
    'points: 400, per: month, each: sender',
    [
      'budget managers: those who come when much of it is spent get less: 400 thanks each month for each sender; until now 500 thanks each month for each sender',
    ],
  ],
  [
    'a rule of one chain',
    'coalition',
    "points: 1,\n      per: '2.00'",
    "points: 1,\n      per: '4.00'",
    [
      'earning rule grocer: those who buy at grocer get less: 1 miles for each 4.00 EUR instead of 1 miles for each 2.00 EUR',
    ],
  ],
  [
    'windows of returns, claims and refunds, and what is owed',
    ladder,
    end,
    `returns: { windowDays: 30 }\nclaims: { windowDays: 14 }\nrefunds: { graceDays: 9 }\narrears: { policy: waived }\n${end}`,
    [
      'returns: those who return goods after more than 30 days get more: they keep the points of these',
      'points of a cancelled redemption: those whose redemption is cancelled when its points have lapsed get more: they can be spent for 9 days instead of 0',
      'receipts from before a card was linked: those who link a card after they bought with it get less: receipts of the last 14 days earn',
      'points that are owed: those who owe points get more: they owe nothing any more',
    ],
  ],
];

const shape = (before: Rulebook, after: Rulebook): Record<string, string[]> =>
  Object.fromEntries(
    rulebookDiff(before, after).map((change) => [
      change.what,
      change.for.map(({ gets }) => gets).toSorted(),
    ]),
  );
const turned = { more: 'less', less: 'more', otherwise: 'otherwise' } as const;

describe('who gets more by another version, and who less:', () => {
  it.each(cases)('%s', (_what, template, from, to, said) => {
    expect(effectsOf(...versions(template, from, to))).toEqual(said);
  });

  it.each(cases)('the other way round it is the other way round: %s', (_, template, from, to) => {
    const [before, after] = versions(template, from, to);
    const there = rulebookDiff(before, after).map((change) => [
      change.what,
      change.for.map(({ gets }) => turned[gets]).toSorted(),
    ]);
    expect(shape(after, before)).toEqual(Object.fromEntries(there));
  });

  it('of any two templates, too', () => {
    const books = templateNames().map((name) => bookOf(templateText(name) ?? ''));
    for (const [index, before] of books.entries())
      for (const after of books.slice(index)) {
        const there = rulebookDiff(before, after).map(({ what, for: effects }) => [
          what,
          effects.map(({ gets }) => turned[gets]).toSorted(),
        ]);
        expect(shape(after, before)).toEqual(Object.fromEntries(there));
      }
  });

  /** What members on each level earn with receipts of many kinds. */
  const earned = (book: Rulebook): number[] =>
    ['member', 'bronze', 'silver', 'gold'].flatMap((tier) =>
      ['0.90', '7.00', '60.00', '990.00'].flatMap((amount) =>
        ['coffee', 'tobacco', 'alcohol'].flatMap((category) =>
          ['app', null].map((channel) => {
            const { lots } = rateAgain(receipt(amount, category, channel), { tier }, book);
            return lots.reduce((sum, { points }) => sum + points, 0);
          }),
        ),
      ),
    );

  it.each(cases)(
    'nobody earns more, or less, of whom it is not said: %s',
    (_, template, from, to) => {
      const [before, after] = versions(template, from, to);
      const said = new Set(
        rulebookDiff(before, after).flatMap((one) => one.for.map(({ gets }) => gets)),
      );
      const [was, is] = [earned(before), earned(after)];
      if (is.some((points, index) => points > (was[index] ?? 0)))
        expect(said.has('more') || said.has('otherwise')).toBe(true);
      if (is.some((points, index) => points < (was[index] ?? 0)))
        expect(said.has('less') || said.has('otherwise')).toBe(true);
    },
  );
});

const receipt = (amount: string, category: string, channel: string | null): ReceiptFact => ({
  id: factId('receipt', programId('ladder'), 'r'),
  hash: 'h',
  program: programId('ladder'),
  ref: {
    ...{ chain: 'c', store: 's', till: 't', number: '1' },
    businessDate: localDate('2026-05-05'),
  },
  revision: 1,
  occurredAt: instant('2026-05-05T12:00:00Z'),
  card: null,
  currency: 'PLN',
  channel,
  lines: [
    {
      ...{ ordinal: 1, product: 'p', category, brand: null },
      ...{ quantity: '1', amount, original: null },
    },
  ],
  paidWithPoints: '0',
});
