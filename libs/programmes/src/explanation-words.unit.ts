import { describe, expect, it } from '@jest/globals';
import { explanationWords } from './explanation-words.js';

const rule = {
  ...{ outcome: 'gave' as const, when: null, lines: [1], exact: '12', rounded: 12, cuts: [] },
  ...{ points: 12, taken: null },
};

describe('the words of an explanation', () => {
  it('say of each line and each rule what it gave, and why not', () => {
    const weekend = {
      text: 'receipt.weekday in [6, 7]',
      held: false,
      saw: { 'receipt.weekday': '2' },
    };
    const cap = { by: 'cap' as const, of: 'rule' as const, per: 'day' as const, room: 0, cut: 5 };
    const words = explanationWords({
      ...{ outcome: 'awarded', reason: null },
      awards: [
        {
          ...{
            points: 12,
            rulebook: { version: 3, hash: 'h' },
            proven: false,
            givenBack: [],
            memberships: [],
            rerating: null,
          },
          leftOut: Array.from({ length: 22 }, (_, nth) => ({
            ...rule,
            ...{ rule: `app-${nth}`, outcome: 'not-met' as const, lines: [] },
            when: {
              text: 'receipt.channel == "app"',
              held: false,
              saw: { 'receipt.channel': 'store' },
            },
          })),
          explanation: {
            ...{ engine: 1, program: 'p', version: 3, day: '2026-11-24', points: 12 },
            tier: { level: 'gold', multiplier: '1.5' },
            lines: [
              {
                ordinal: 1,
                product: 'tea',
                amount: '8.20',
                counted: '41/5',
                excluded: null,
                points: 12,
              },
              {
                ordinal: 2,
                product: 'gum',
                amount: '0.3',
                counted: '0.3',
                excluded: null,
                points: 0,
              },
              {
                ordinal: 3,
                product: 'cigar',
                amount: '9',
                counted: '0',
                excluded: 'free',
                points: 0,
              },
            ],
            rules: [
              { ...rule, rule: 'base', exact: '63/5' },
              { ...rule, rule: 'weekend', outcome: 'not-met', when: weekend, lines: [] },
              { ...rule, rule: 'capped', outcome: 'cut', lines: [2], rounded: 5, cuts: [cap] },
              { ...rule, rule: 'small', outcome: 'nothing', lines: [2], exact: '3/10' },
              { ...rule, rule: 'other', outcome: 'other-of-group', taken: 'base' },
              { ...rule, rule: 'bread', outcome: 'no-line', lines: [] },
            ],
          },
        },
      ],
    });
    expect(words).toEqual([
      'awarded',
      '12 points by version 3 of the rulebook',
      '  on 2026-11-24, level gold (times 1.5)',
      '  line 1, tea, 8.20: 12 points',
      '  line 2, gum, 0.3: 0 points',
      '    weekend: its condition does not hold',
      '    capped: nothing is left of 5 points, 5 cut by the cap per day (0 were left)',
      '    small: comes to less than a point (0.3) on line 2',
      '  line 3, cigar, 9: nothing, free',
      '  rules',
      '    base: 12 points on line 1, rounded from 12.6',
      '    weekend: its condition does not hold',
      '      receipt.weekday in [6, 7] [receipt.weekday is 2]',
      '    capped: nothing is left of 5 points, 5 cut by the cap per day (0 were left)',
      '    small: comes to less than a point (0.3) on line 2',
      '    other: base of its group was taken instead',
      '    bread: it is about none of the lines',
      '  rules about something else',
      ...Array.from({ length: 20 }, (_, nth) => [
        `    app-${nth}: its condition does not hold`,
        '      receipt.channel == "app" [receipt.channel is store]',
      ]).flat(),
      '    and 2 more: the JSON has them all',
      '  NOT the explanation that was made when the points were given: tell whoever runs the system',
    ]);
  });

  it('say what an older release left, and what waits', () => {
    const award = {
      points: 1,
      rulebook: { version: 1, hash: 'h' },
      explanation: null,
      proven: false,
      leftOut: [],
      givenBack: [],
      memberships: [],
      rerating: null,
    };
    expect(explanationWords({ outcome: 'awarded', reason: null, awards: [award] })[2]).toMatch(
      'older release',
    );
    const givenBack = [{ receipt: 'receipt/shop/1', points: 3 }];
    expect(
      explanationWords({ outcome: 'awarded', reason: null, awards: [{ ...award, givenBack }] })[2],
    ).toBe('  3 points of them given back: an earlier revision had taken them of receipt/shop/1');
    const fee = { membership: 'year', level: 'plus', months: 12, fee: '40', amount: '40', pays: 2 };
    const memberships = [
      { ...fee, ordinal: 1 },
      { ...fee, ordinal: 2, amount: '39.98', pays: 0 },
      { ...fee, ordinal: 3, months: 1, pays: 1 },
      { ...fee, ordinal: 4, fee: '20', amount: '20', pays: 0 },
    ];
    expect(
      explanationWords({
        ...{ outcome: 'awarded', reason: null, awards: [{ ...award, memberships }] },
      }).slice(2, 6),
    ).toEqual([
      '  line 1 pays 24 months of level plus: membership year',
      '  line 2 starts no membership: 39.98 of the 40 that year costs',
      '  line 3 pays 1 month of level plus: membership year',
      '  line 4 starts no membership: less than a whole year was sold',
    ]);
    const rerating = { rerating: 'r', from: { version: 1, hash: 'h' }, reason: 'a slip' };
    const again = { ...award, points: -4, rulebook: { version: 2, hash: 'i' }, rerating };
    expect(
      explanationWords({
        outcome: 'awarded',
        reason: null,
        awards: [award, again],
      })[3],
    ).toBe('rated again by version 2 instead of 1, 4 points taken: a slip');
    const waiting = { outcome: 'waiting', reason: 'card-unknown', awards: [] };
    expect(explanationWords(waiting)).toEqual(['waiting: card-unknown']);
  });
});
