import { describe, expect, it } from '@jest/globals';
import { arrearsPolicyOf } from '@tallystick/rulebook';
import { rulebookJsonSchema, rulebookV1, toRulebook } from './rulebook-v1.js';

const document = {
  rulebook: 1,
  program: 'club',
  version: 1,
  name: 'Club',
  effectiveFrom: '2026-01-01T00:00:00Z',
  currency: 'GBP',
  timeZone: 'Europe/London',
  earning: [{ id: 'base', points: 1, per: '1.00', rounding: 'down', level: 'receipt' }],
};
const read = (more: object) => toRulebook(rulebookV1.parse({ ...document, ...more }));

describe('the policy for arrears', () => {
  it.each(['next-awards', 'waived', 'paid-in-money'] as const)('is what is named: %s', (policy) => {
    expect(arrearsPolicyOf(read({ arrears: { policy } }))).toBe(policy);
  });

  it('is that the next awards pay, where none is named', () => {
    expect(arrearsPolicyOf(read({}))).toBe('next-awards');
  });

  it('does not change the content, and so the hash, of a document that does not name it', () => {
    expect(Object.keys(read({}))).toEqual([
      ...['program', 'version', 'name', 'unit', 'effectiveFrom', 'currency', 'timeZone'],
      ...['earning', 'partnerEvents', 'exclusions', 'lots', 'tiers', 'redemption'],
      ...['returns', 'claims', 'refunds'],
    ]);
  });

  it.each([{ policy: 'forgotten' }, {}, { policy: 'waived', from: 1 }, null])(
    'is refused when it is no such policy: %j',
    (arrears) => {
      expect(rulebookV1.safeParse({ ...document, arrears }).success).toBe(false);
    },
  );

  it('is offered by the JSON Schema', () => {
    expect(rulebookJsonSchema()).toMatchObject({
      properties: {
        arrears: {
          properties: { policy: { enum: ['next-awards', 'waived', 'paid-in-money'] } },
          additionalProperties: false,
        },
      },
    });
  });
});

describe('a document with', () => {
  it.each([
    [
      'an amount with a comma',
      { earning: [{ ...document.earning[0], per: '1,50' }] },
      'earning.0.per',
    ],
    [
      'a level from nowhere',
      {
        tiers: {
          by: 'spend',
          window: 'lifetime',
          levels: [{ id: 'a', from: 'x', multiplier: '1' }],
        },
      },
      'tiers.levels.0.from',
    ],
    ['a currency that is none', { currency: 'QQQ' }, 'currency'],
  ])('%s is refused where it stands', (_, more, field) => {
    const { error } = rulebookV1.safeParse({ ...document, ...more });
    expect(error?.issues.map(({ path }) => path.join('.'))).toEqual([field]);
  });
});
