import { describe, expect, it } from '@jest/globals';
import { rulebookV1 } from './rulebook-v1.js';

const base = { id: 'base', kind: 'base', points: 1, per: '1.00' };
const good = {
  rulebook: 1,
  program: 'club',
  version: 1,
  name: 'Club',
  effectiveFrom: '2026-01-01T00:00:00Z',
  currency: 'GBP',
  timeZone: 'Europe/London',
  earning: [base],
};
const levels = [
  { id: 'bronze', from: '0' },
  { id: 'gold', from: '100' },
];
const faultsOf = (document: object): string[] =>
  rulebookV1
    .safeParse(document)
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
const withRule = (rule: object, rest: object = {}): object => ({
  ...good,
  earning: [base, { id: 'r', kind: 'bonus', ...rule }],
  ...rest,
});
const withCertificate = (steps: readonly object[], by = 'spend'): object => ({
  ...good,
  certificates: [{ id: 'c', by, period: 'month', steps, validDays: 30 }],
});

describe('a rulebook', () => {
  it('that says little is good', () => {
    expect(faultsOf(good)).toEqual([]);
  });

  it.each<[string, object, string]>([
    [
      'a format that does not exist',
      { ...good, rulebook: 2 },
      'rulebook: Invalid input: expected 1',
    ],
    ['a field that does not exist', { ...good, earnings: [] }, ': Unrecognized key: "earnings"'],
    [
      'a programme with capitals',
      { ...good, program: 'Club' },
      'program: must be lower-case letters, digits and dashes, at most 63',
    ],
    [
      'a version below one',
      { ...good, version: 0 },
      'version: Too small: expected number to be >=1',
    ],
    [
      'a version that is a text',
      { ...good, version: '1' },
      'version: Invalid input: expected number, received string',
    ],
    [
      'a day in place of a moment',
      { ...good, effectiveFrom: '2026-01-01' },
      'effectiveFrom: Invalid ISO datetime',
    ],
    ['a currency that is none', { ...good, currency: 'QQQ' }, 'currency: must be an ISO 4217 code'],
    [
      'a time zone that is none',
      { ...good, timeZone: 'Europe/Atlantis' },
      'timeZone: must be an IANA time zone such as Europe/London',
    ],
    [
      'no rules',
      { ...good, earning: [] },
      'earning: gives nothing: add a rule, a partner rule, a discount, a certificate or a level with a discount',
    ],
    [
      'an amount that is a number',
      withRule({ points: 1, per: 1.5 }),
      'earning.1.per: Invalid input: expected string, received number',
    ],
    [
      'an amount of nothing',
      withRule({ points: 1, per: '0.00' }),
      'earning.1.per: must be above zero',
    ],
    [
      'an amount with a comma',
      withRule({ points: 1, per: '1,50' }),
      'earning.1.per: must be a decimal in quotes, such as "1.50"',
    ],
    [
      'half a point',
      withRule({ points: 0.5 }),
      'earning.1.points: Invalid input: expected int, received number',
    ],
    [
      'two rules of one name',
      withRule({ id: 'base', points: 1 }),
      'earning.1.id: a rule named base is there already',
    ],
    [
      'a rule that gives nothing',
      withRule({}),
      'earning.1: says how many points by exactly one of points, steps and extra',
    ],
    [
      'a rule that gives in two ways',
      withRule({ points: 1, extra: '1', of: ['base'] }),
      'earning.1: says how many points by exactly one of points, steps and extra',
    ],
    [
      'points per amount and for each line',
      withRule({ points: 1, per: '1', each: 'line' }),
      'earning.1.each: points are given per amount, or for each line or unit: not both',
    ],
    [
      'each without points',
      withRule({ steps: [{ from: '1', points: 1 }], each: 'line' }),
      'earning.1.each: goes with points',
    ],
    [
      'an extra of nothing',
      withRule({ extra: '1' }),
      'earning.1.extra: needs `of`: the rules that it adds to',
    ],
    [
      'an extra of a rule that does not exist',
      withRule({ extra: '1', of: ['bass'] }),
      'earning.1.of.0: there is no earning rule bass',
    ],
    [
      'an extra of itself',
      withRule({ extra: '1', of: ['r'] }),
      'earning.1.of.0: r is an extra itself: name the rules that it adds to',
    ],
    ['`of` without extra', withRule({ points: 1, of: ['base'] }), 'earning.1.of: goes with extra'],
    [
      'a group that does not exist',
      withRule({ points: 1, group: 'g' }),
      'earning.1.group: there is no group g: add it to groups',
    ],
    [
      'a priority without a group',
      withRule({ points: 1, priority: 3 }),
      'earning.1.priority: goes with group',
    ],
    [
      'a budget that does not exist',
      withRule({ points: 1, budget: 'b' }),
      'earning.1.budget: there is no budget b: add it to budgets',
    ],
    [
      "a partner's rule whose budget does not exist",
      { ...good, partnerEvents: [{ id: 'p', partner: 'p', type: 't', points: 1, budget: 'b' }] },
      'partnerEvents.0.budget: there is no budget b: add it to budgets',
    ],
    [
      'a budget of no amount',
      { ...good, budgets: [{ id: 'b' }] },
      'budgets.0: says how much by exactly one of points and money',
    ],
    [
      'a budget of two amounts',
      {
        ...good,
        redemption: { points: 100, value: '1.00' },
        budgets: [{ id: 'b', points: 1, money: '1.00' }],
      },
      'budgets.0: says how much by exactly one of points and money',
    ],
    [
      'a budget in money where points are worth none',
      { ...good, budgets: [{ id: 'b', money: '1.00' }] },
      'budgets.0.money: needs redemption: what points are worth',
    ],
    [
      'a budget of senders that pays for receipts',
      {
        ...withRule({ points: 1, budget: 'b' }),
        budgets: [{ id: 'b', points: 1, each: 'sender' }],
      },
      'earning.1.budget: b is for senders of events: a receipt has none',
    ],
    [
      'steps that do not ascend',
      withRule({
        steps: [
          { from: '5', points: 1 },
          { from: '5', points: 2 },
        ],
      }),
      'earning.1.steps.1.from: must be above 5: steps ascend',
    ],
    [
      'a certificate for nothing',
      withCertificate([{ from: '0', value: '5' }]),
      'certificates.0.steps.0.from: must be above 0: who did nothing gets nothing',
    ],
    [
      'a certificate for half a point',
      withCertificate([{ from: '10.5', value: '5' }], 'points'),
      'certificates.0.steps.0.from: must be whole: it counts points',
    ],
    [
      'a certificate that nobody can pay with',
      withCertificate([{ from: '10', value: '5.005' }]),
      'certificates.0.steps.0.value: is finer than GBP is paid in',
    ],
    [
      'a certificate of more than there is',
      withCertificate([{ from: '10', value: '999999999999999' }]),
      'certificates.0.steps.0.value: is more than is counted',
    ],
    [
      'a certificate that gives less for more',
      withCertificate([
        { from: '10', value: '5' },
        { from: '20', value: '5' },
      ]),
      'certificates.0.steps.1.value: must be above 5: a higher step gives more',
    ],
    [
      'a cap on a period that does not exist',
      withRule({ points: 1, caps: [{ points: 5, per: 'fortnight' }] }),
      'earning.1.caps.0.per: Invalid option: expected one of "receipt"|"day"|"week"|"month"|"year"|"lifetime"',
    ],
    [
      'a cap below nothing',
      withRule({ points: 1, caps: [{ points: -1, per: 'day' }] }),
      'earning.1.caps.0.points: Too small: expected number to be >=0',
    ],
    [
      'a condition on a name that does not exist',
      withRule({ points: 1, when: 'receipt.totl > decimal("1")' }),
      'earning.1.when: at 1:8 of the condition: there is no receipt.totl: did you mean receipt.total?',
    ],
    [
      'a condition on a line where there is none',
      withRule({ points: 1, when: 'line.brand == "x"' }),
      'earning.1.when: at 1:5 of the condition: there is no line.brand here: what is asked of a line stands in `lines`',
    ],
    [
      'a condition that is no question',
      withRule({ points: 1, lines: 'line.brand' }),
      'earning.1.lines: at 1:5 of the condition: a condition is true or false, and this is a text',
    ],
    [
      'a condition that cannot be read',
      withRule({ points: 1, lines: 'line.brand == ' }),
      'earning.1.lines: at 1:12 of the condition: is no condition: it goes wrong at "== "',
    ],
    [
      'a level that does not begin at nothing',
      { ...good, tiers: { by: 'spend', window: 'lifetime', levels: [{ id: 'a', from: '5' }] } },
      'tiers.levels.0.from: the first level must begin at "0"',
    ],
    [
      'levels that do not ascend',
      {
        ...good,
        tiers: { by: 'spend', window: 'lifetime', levels: [...levels, { id: 'x', from: '50' }] },
      },
      'tiers.levels.2.from: must be above 100: levels ascend',
    ],
    [
      'two levels of one name',
      {
        ...good,
        tiers: {
          by: 'spend',
          window: 'lifetime',
          levels: [...levels, { id: 'gold', from: '500' }],
        },
      },
      'tiers.levels.2.id: a level named gold is there already',
    ],
    [
      'half a visit',
      {
        ...good,
        tiers: {
          by: 'visits',
          window: 'lifetime',
          levels: [...levels, { id: 'x', from: '100.5' }],
        },
      },
      'tiers.levels.2.from: must be whole: it counts visits',
    ],
    [
      'two memberships that are sold as one product',
      {
        ...good,
        tiers: { by: 'paid', window: 'lifetime', levels },
        memberships: ['a', 'b'].map((id) => ({
          ...{ id, level: levels[0]?.id, months: 12, fee: '20', product: 'p' },
        })),
      },
      'memberships.1.product: p pays for another one already',
    ],
    [
      'levels that nobody can pay for',
      { ...good, tiers: { by: 'paid', window: 'lifetime', levels } },
      'tiers.by: levels that are paid for need memberships',
    ],
    [
      'a membership of no level',
      {
        ...good,
        tiers: { by: 'paid', window: 'lifetime', levels },
        memberships: [{ id: 'plus', level: 'plus', months: 12, fee: '20', product: 'p' }],
      },
      'memberships.0.level: there is no level plus: add it to tiers',
    ],
    [
      'a next window of a lifetime',
      { ...good, tiers: { by: 'spend', window: 'lifetime', upgrade: 'next-window', levels } },
      'tiers.upgrade: a lifetime has no next window',
    ],
    [
      'a discount of more than all',
      { ...good, discounts: [{ id: 'd', percent: '101' }] },
      'discounts.0.percent: must be at most 100',
    ],
    [
      'a discount of nothing',
      { ...good, discounts: [{ id: 'd' }] },
      'discounts.0: says how much by exactly one of percent and bySpend',
    ],
    [
      'a reward for a level that does not exist',
      { ...good, rewards: [{ id: 'tea', name: 'Tea', points: 5, tier: 'gold' }] },
      'rewards.0.tier: there is no level gold',
    ],
    [
      'lots that lapse before they are available',
      { ...good, lots: { pendingDays: 60, expiry: { months: 1 } } },
      'lots.pendingDays: lots would lapse before they become available',
    ],
    [
      'a last day that is none',
      { ...good, lots: { expiry: { on: '2026-02-30' } } },
      'lots.expiry.on: Invalid ISO date',
    ],
    [
      'an attribute that is there already',
      { ...good, attributes: { tier: 'string' } },
      'attributes.tier: member.tier is there already: choose another name',
    ],
    [
      'two budgets of one name',
      {
        ...good,
        budgets: [
          { id: 'b', points: 1 },
          { id: 'b', points: 2 },
        ],
      },
      'budgets.1.id: a budget named b is there already',
    ],
  ])('with %s is refused, and told why', (_, document, fault) => {
    const faults = faultsOf(document);
    expect(faults.map((told) => told.slice(0, fault.length))).toEqual([fault]);
  });

  it('that asks too much of each line is refused, and 500 rules of some parts are not', () => {
    const asking = (rules: number, lines: string) => ({
      ...good,
      earning: Array.from({ length: rules }, (_, index) => ({
        ...{ id: `r${index}`, kind: 'bonus', points: 1, per: '1.00', lines },
      })),
    });
    const terms = (count: number) =>
      Array.from({ length: count }, () => '!(line.brand in receipt.products)').join(' && ');
    expect(faultsOf(asking(41, terms(50)))).toEqual([
      expect.stringMatching(/^earning: asks too much of each line: .* have 10209 names, .* 10000:/),
    ]);
    expect(faultsOf(asking(40, terms(50)))).toEqual([]);
    const usual =
      'line.category == "tea" && line.brand in ["a", "b"] && line.amount > decimal("5")';
    expect(faultsOf(asking(500, usual))).toEqual([]);
  });

  it('tells every fault at once', () => {
    expect(
      faultsOf(withRule({ points: 1, group: 'g', budget: 'b', when: 'nothing' })),
    ).toHaveLength(3);
  });
});
