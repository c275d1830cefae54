import { describe, expect, it } from '@jest/globals';
import { checkDocument } from './document.js';
import { templateNames, templateText } from './templates.js';

const ladder = templateText('bronze-silver-gold') ?? '';

/** The ladder with one slip of the pen, and what is said of it. */
const saidOf = (from: string, to: string): string[] => {
  expect(ladder).toContain(from);
  const checked = checkDocument(ladder.replace(from, to));
  const told = checked.ok ? checked.value.doubts : checked.error;
  return told.map(({ line, column, field, message }) => `${line}:${column} ${field}: ${message}`);
};

const condition = 'member.tier in ["silver", "gold"]';
const quotes = 'must be a decimal in quotes, such as "1.50"';

describe('a slip of the pen is told with its place and with what to write instead:', () => {
  it.each<[what: string, from: string, to: string, said: string]>([
    [
      'a percent sign',
      "discount: '5'",
      "discount: '5%'",
      `31:44 tiers.levels.1.discount: ${quotes}: here '5'`,
    ],
    [
      'an amount without quotes',
      "discount: '5'",
      'discount: 5',
      "31:44 tiers.levels.1.discount: must stand in quotes: '5'",
    ],
    [
      'a decimal comma',
      "per: '1.00'",
      "per: '1,50'",
      `12:33 earning.0.per: ${quotes}: here '1.50'`,
    ],
    ['a unit', "per: '1.00'", "per: '2 zl'", `12:33 earning.0.per: ${quotes}: here '2'`],
    [
      'a number in quotes',
      'months: 24',
      "months: '24 months'",
      '23:44 lots.expiry.months: must be a whole number without quotes: 24',
    ],
    [
      'half a point',
      'points: 1,',
      'points: 1.5,',
      '12:25 earning.0.points: must be a whole number',
    ],
    [
      'a field that is none',
      'rounding: down',
      'round: down',
      '12:48 earning.0.round: there is no such field: did you mean rounding?',
    ],
    [
      'a field that is none, at the top',
      'exclusions:',
      'exclusion:',
      '22:12 exclusion: there is no such field: did you mean exclusions?',
    ],
    [
      'a word that is none',
      'calendar-year',
      'calender-year',
      '27:11 tiers.window: must be one of calendar-year, rolling-12-months, lifetime: did you mean calendar-year?',
    ],
    [
      'one of two forms',
      'downgrade: one-step',
      'downgrade: onestep',
      '28:14 tiers.downgrade: must be one of straight, one-step, never: did you mean one-step?',
    ],
    [
      'one for a list',
      '[tobacco, gift-card]',
      'tobacco',
      '22:27 exclusions.categories: must be a list: [tobacco]',
    ],
    ['a field that is missing', 'program: ladder', '', '1:1 program: is missing: write a text'],
    [
      'capitals and blanks',
      'program: ladder',
      'program: My Ladder',
      '3:10 program: must be lower-case letters, digits and dashes, at most 63: here my-ladder',
    ],
    [
      'a currency by its sign',
      'currency: PLN',
      'currency: zl',
      '7:11 currency: must be an ISO 4217 code: three letters, such as EUR',
    ],
    [
      'a day for a moment',
      "'2026-01-01T00:00:00Z'",
      "'2026-01-01'",
      "6:16 effectiveFrom: must be a moment with its offset, in quotes, such as '2026-01-01T00:00:00+01:00'",
    ],
    ['a tab', '  by: spend', '\tby: spend', '26:1 : is indented with a tab: write spaces'],
    [
      'no-break spaces',
      '  by: spend',
      '\u00a0\u00a0by: spend',
      '26:7 : is indented with no-break spaces, which look like spaces and are none: write spaces',
    ],
    [
      'a line too far to the right',
      '  window:',
      '    window:',
      '26:7 : cannot be read: indent it like the lines of its kind around it, and put text that holds ": " in quotes',
    ],
    [
      'a field twice',
      'currency: PLN',
      'currency: PLN\ncurrency: EUR',
      '8:1 : currency stands here twice: leave one out',
    ],
    [
      'two kinds of expiry',
      '{ months: 24, until: end-of-year }',
      '{ months: 12, inactiveMonths: 6 }',
      '23:34 lots.expiry: has 2 kinds, and lots lapse by one: write { months: 12 }, or { inactiveMonths: 6 }',
    ],
    [
      'single quotes within single quotes',
      `when: '${condition}'`,
      "when: 'receipt.channel = 'web''",
      `19:33 : cannot be read: a text in a condition within '...' stands in double quotes, such as 'receipt.channel == "web"'`,
    ],
    [
      'double quotes within double quotes',
      `when: '${condition}'`,
      'when: "member.tier == "gold""',
      `19:30 : cannot be read: put the whole condition in single quotes, and a text within it in double ones, such as 'receipt.channel == "web"'`,
    ],
    [
      'a condition in no quotes',
      `when: '${condition}'`,
      "when: member.tier in ['silver', 'gold']",
      `19:28 : cannot be read: put the whole condition in single quotes, and a text within it in double ones, such as 'receipt.channel == "web"'`,
    ],
    [
      'a last day that is none',
      '{ months: 24, until: end-of-year }',
      "{ on: '2026-02-30' }",
      '23:40 lots.expiry.on: is on a day that no calendar has: look at its month',
    ],
    [
      'a day for a moment, late in its month',
      "'2026-01-01T00:00:00Z'",
      "'2026-01-31'",
      "6:16 effectiveFrom: must be a moment with its offset, in quotes, such as '2026-01-01T00:00:00+01:00'",
    ],
    [
      'a first day that is none',
      '2026-01-01T00:00:00Z',
      '2026-04-31T00:00:00+01:00',
      '6:16 effectiveFrom: is on a day that no calendar has: look at its month',
    ],
    [
      'a day that is none in a condition',
      condition,
      'receipt.day == date("2026-02-31")',
      '19:13 earning.1.when: at 1:16 of the condition: "2026-02-31" is no date: write date("2026-12-24")',
    ],
    ['two documents', 'lots:', '---\nlots:', '23:1 : begins a second document: a file holds one'],
    [
      'a text without quotes',
      condition,
      'member.tier == gold',
      '19:13 earning.1.when: at 1:16 of the condition: there is no gold: a text stands in quotes, "gold"; there are ',
    ],
    [
      'a name of the week',
      condition,
      'receipt.weekday == "Monday"',
      '19:13 earning.1.when: at 1:17 of the condition: == compares like with like, and here are a whole number and a text: write the number without quotes',
    ],
  ])('%s', (_what, from, to, said) => {
    expect(saidOf(from, to).map((told) => told.slice(0, said.length))).toEqual([said]);
  });
});

describe('faults of form hide no names that are missing, and no faults of conditions', () => {
  const withSlip = (more: string, per = "per: '1,00'"): string[] => {
    const checked = checkDocument(ladder.replace("per: '1.00'", per) + more);
    return checked.ok ? [] : checked.error.map(({ field, message }) => `${field}: ${message}`);
  };
  const comma = `earning.0.per: ${quotes}: here '1.00'`;

  it('both are told at once', () => {
    const more = `rewards: [{ id: mug, name: A mug, points: 5, tier: platinum }]
partnerEvents: [{ id: p, partner: bank, type: loan, points: 7, budget: spring }]
discounts: [{ id: d, percent: '3', when: receipt.totl > decimal("9") }, { id: d, percent: '2' }]
`;
    expect(withSlip(more)).toEqual([
      comma,
      'discounts.1.id: a discount named d is there already',
      'partnerEvents.0.budget: there is no budget spring: add it to budgets',
      'rewards.0.tier: there is no level platinum',
      'discounts.0.when: at 1:8 of the condition: there is no receipt.totl: did you mean receipt.total?',
    ]);
  });

  it.each<[what: string, more: string, told: readonly string[]]>([
    [
      'a group whose name cannot be read',
      'groups: [{ id: 7, take: best }]\n',
      ["groups.0.id: must stand in quotes: '7'"],
    ],
    [
      'budgets that are no list',
      'budgets: none\npartnerEvents: [{ id: p, partner: b, type: l, points: 7, budget: spring }]\n',
      ['budgets: must be a list: [none]'],
    ],
    [
      'an attribute of no type',
      "attributes: { vip: yes }\ndiscounts: [{ id: d, percent: '3', when: member.vip }]\n",
      ['attributes.vip: must be one of bool, string, strings, int'],
    ],
  ])('nothing is said to be missing that stands there wrongly written: %s', (_what, more, told) => {
    const all = withSlip(more, more.startsWith('groups') ? "per: '1,00', group: g" : undefined);
    expect(all.toSorted()).toEqual([comma, ...told].toSorted());
  });

  it('rubbish is told as rubbish', () => {
    for (const text of ['[]', '7', 'tiers: 5', 'earning: [1, [2], null, { of: 7 }]']) {
      const checked = checkDocument(text);
      expect(checked.ok).toBe(false);
    }
  });
});

describe('what can hardly be meant is doubted, with its place:', () => {
  const when = '19:13 earning.1.when:';
  it.each<[what: string, from: string, to: string, said: string]>([
    [
      'one misspelt level of two',
      '["silver", "gold"]',
      '["silvr", "gold"]',
      `${when} there is no level silvr: did you mean silver?`,
    ],
    [
      'a misspelt level behind ||',
      condition,
      'receipt.hour < 8 || member.tier != "glod"',
      `${when} there is no level glod: did you mean gold?`,
    ],
    [
      'dates turned round',
      condition,
      'receipt.day >= date("2026-12-31") && receipt.day <= date("2026-12-01")',
      `${when} never holds: receipt.day cannot be both as high and as low; are the two turned round?`,
    ],
    [
      'amounts turned round',
      condition,
      'decimal("100") < receipt.total && receipt.total < decimal("100")',
      `${when} never holds: receipt.total cannot be both as high and as low; are the two turned round?`,
    ],
    [
      'an eighth day of the week',
      condition,
      'receipt.weekday in [8]',
      `${when} never holds: receipt.weekday is 1 (Monday) to 7 (Sunday)`,
    ],
    [
      'a twenty-fifth hour',
      condition,
      'receipt.hour >= 24',
      `${when} never holds: receipt.hour is 0 to 23`,
    ],
    [
      "last year's campaign",
      condition,
      'receipt.day <= date("2025-12-31")',
      `${when} is over before this version comes into force (2026-01-01)`,
    ],
    [
      'a birthday without its days',
      condition,
      'member.inBirthdayWindow',
      `${when} asks member.inBirthdayWindow: say how many days that is, as in birthday: { daysBefore: 3, daysAfter: 3 }`,
    ],
    [
      'days around a birthday that nobody asks about',
      'redemption:',
      'birthday: { daysBefore: 3, daysAfter: 3 }\nredemption:',
      '35:11 birthday: is never asked: no condition names member.inBirthdayWindow',
    ],
    [
      'a level that gives less',
      "discount: '15'",
      "discount: '5'",
      '33:43 tiers.levels.3.discount: is less than what silver gives, the level below (10)',
    ],
    [
      'a cap that cuts nothing',
      'of: [base],',
      'of: [base], caps: [{ points: 9, per: day }, { points: 5, per: week }],',
      '18:26 earning.1.caps.0: never cuts anything: 5 per week come first',
    ],
    [
      'a cap of one period twice',
      'of: [base],',
      'of: [base], caps: [{ points: 5, per: day }, { points: 5, per: day }],',
      '18:51 earning.1.caps.1: never cuts anything: 5 per day come first',
    ],
    [
      'a budget that pays for nothing',
      'redemption:',
      'budgets: [{ id: b, points: 5 }]\nredemption:',
      '35:17 budgets.0.id: limits nothing: no rule has budget: b',
    ],
    [
      'a group of nobody',
      'redemption:',
      'groups: [{ id: g, take: best }]\nredemption:',
      '35:16 groups.0.id: is empty: no rule has group: g',
    ],
    [
      'a lower discount beside a higher one',
      'redemption:',
      "discounts: [{ id: a, percent: '5' }, { id: b, percent: '7' }]\nredemption:",
      '35:31 discounts.0.percent: never applies: b takes 7 % off everything, and percentages do not add up',
    ],
    [
      'lots that lapse before they are there',
      'pendingDays: 14, expiry: { months: 24, until: end-of-year }',
      "pendingUntil: '2027-01-01', expiry: { on: '2026-12-31' }",
      '23:23 lots.pendingUntil: lots lapse on 2026-12-31, before they become available: are the two turned round?',
    ],
    [
      'points worth more than what is paid',
      'points: 1,',
      'points: 100,',
      '12:25 earning.0.points: gives back 200 % of what is paid: 100 points are worth 2.00',
    ],
    [
      'lots that are dead at birth',
      '{ months: 24, until: end-of-year }',
      "{ on: '2025-12-31' }",
      '23:40 lots.expiry.on: every lot is dead at birth: this version comes into force on 2026-01-01; write a later day',
    ],
    [
      'lots that lapse on a fixed day, before they are there',
      '{ months: 24, until: end-of-year }',
      "{ on: '2026-01-14' }",
      '23:22 lots.pendingDays: what is earned on 2026-01-01 becomes available on 2026-01-15, when it has lapsed: write fewer than 14 days, or a longer expiry',
    ],
    [
      'lots of one rule that wait for longer than they live',
      'of: [base],',
      'of: [base], lots: { pendingDays: 60, expiry: { months: 1 } },',
      '18:40 earning.1.lots.pendingDays: what is earned on 2026-01-01 becomes available on 2026-03-02, when it has lapsed: write fewer than 60 days, or a longer expiry',
    ],
    [
      'lots that wait for a day beyond their months',
      'pendingDays: 14, expiry: { months: 24, until: end-of-year }',
      "pendingUntil: '2027-01-01', expiry: { months: 6 }",
      '23:23 lots.pendingUntil: what is earned on 2026-01-01 lapses before: write an earlier day, or more months in expiry',
    ],
    [
      'an extra that is a percentage',
      "extra: '0.5'",
      "extra: '50'",
      "17:14 earning.1.extra: times 50: is '0.5' meant?",
    ],
    [
      'a step above the cap',
      "points: 1, per: '1.00'",
      "steps: [{ from: '5', points: 5 }, { from: '9', points: 9 }], caps: [{ points: 7, per: day }]",
      '12:72 earning.0.steps.1.points: is never given: at most 7 per day are; write 7 or fewer here, or more points in the cap',
    ],
    [
      'a discount that is a factor',
      "discount: '5'",
      "discount: '0.10'",
      "31:44 tiers.levels.1.discount: 0.1 %: is '10' meant?",
    ],
    [
      'a discount of lines that is a factor',
      'redemption:',
      "discounts: [{ id: a, percent: '0.07' }]\nredemption:",
      "35:31 discounts.0.percent: 0.07 %: is '7' meant?",
    ],
    [
      'points that are always cut',
      "points: 1, per: '1.00'",
      'points: 20, caps: [{ points: 10, per: receipt }]',
      '12:46 earning.0.caps.0.points: always cuts: the rule gives 20, and never more than 10 under this; write 20 or more here, or fewer points in the rule',
    ],
    [
      'the next window of a rolling one',
      'window: calendar-year',
      'window: rolling-12-months\n  upgrade: next-window',
      '28:12 tiers.upgrade: a rolling window has no next one, so levels rise on 1 January: write at-once or next-month, or window: calendar-year',
    ],
    [
      'a cap where partner events have no budget',
      'redemption:',
      'caps: [{ points: 50, per: day }]\npartnerEvents: [{ id: fuel, partner: petrol, type: fuelled, points: 100 }]\nredemption:',
      '35:7 caps: cuts receipts only, not partner events: give fuel a budget, or leave it so if it is meant',
    ],
    [
      '31 February',
      condition,
      'receipt.monthday == 31 && receipt.month == 2',
      `${when} never holds: no such month has a day 31`,
    ],
    [
      'a thirty-second day of the month',
      condition,
      'receipt.monthday == 32',
      `${when} never holds: receipt.monthday is 1 to 31`,
    ],
    [
      'an eighth day of the week among others',
      condition,
      'receipt.weekday in [6, 7, 8]',
      `${when} receipt.weekday is never 8: it is 1 (Monday) to 7 (Sunday); leave that out`,
    ],
  ])('%s', (_what, from, to, said) => {
    expect(saidOf(from, to)).toEqual([said]);
  });

  it('nothing of what managers tell of members', () => {
    expect(saidOf(condition, '"north" in member.segments')).toEqual([]);
  });

  it.each(['150', '15'])('times %s, a percentage or a slip of the point', (times) => {
    const gold = "{ id: gold, from: '1000',";
    expect(saidOf(gold, `${gold} multiplier: '${times}',`)).toEqual([
      `33:45 tiers.levels.3.multiplier: times ${times}: is '1.5' meant?`,
    ]);
  });

  it.each([
    'receipt.monthday == 29 && receipt.month == 2',
    'receipt.monthday == 31 && receipt.month in [2, 3]',
    'receipt.weekday in [6, 7]',
  ])('nothing of %s', (text) => {
    expect(saidOf(condition, text)).toEqual([]);
  });

  it('nothing in any template', () => {
    for (const name of templateNames()) {
      const checked = checkDocument(templateText(name) ?? '');
      expect(checked.ok ? checked.value.doubts : checked.error).toEqual([]);
    }
  });
});
