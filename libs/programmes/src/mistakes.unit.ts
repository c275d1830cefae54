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
      '8:1 : stands here twice: leave one out',
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
  ])('%s', (_what, from, to, said) => {
    expect(saidOf(from, to)).toEqual([said]);
  });

  it('nothing of what managers tell of members', () => {
    expect(saidOf(condition, '"north" in member.segments')).toEqual([]);
  });

  it('nothing in any template', () => {
    for (const name of templateNames()) {
      const checked = checkDocument(templateText(name) ?? '');
      expect(checked.ok ? checked.value.doubts : checked.error).toEqual([]);
    }
  });
});
