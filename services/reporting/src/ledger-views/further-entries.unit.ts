import { describe, expect, it } from '@jest/globals';
import { instant, Points, type FactId } from '@tallystick/kernel';
import type { HoldReleased, PointsAdjusted, PointsExpired } from '@tallystick/ledger';
import { reratedEntry } from './further-entries.js';
import { statementEntry } from './statement-entry.js';

const at = instant('2026-01-01T10:00:00Z');
const fact = 'test/shop/1' as FactId;
const common = { fact, factHash: 'h', occurredAt: at };
const five = Points.points(5);

const adjusted = (changes: Partial<PointsAdjusted['data']>): PointsAdjusted => ({
  type: 'PointsAdjusted',
  data: {
    ...common,
    cause: 'correction',
    direction: 'up',
    points: five,
    reason: 'goodwill',
    authority: { by: 'people', requestedBy: 'eve', approvedBy: 'mallory' },
    lots: [],
    arrearsPaid: [],
    taken: [],
    arrearsSettled: Points.noPoints,
    expiredReturned: [],
    payment: null,
    ...changes,
  },
});

it('of what was rated again names both versions, what it came to, and why', () => {
  const entry = reratedEntry({
    ...{ fact: 'receipt/shop/acme/1/7/4711/2026%2D01%2D01' as FactId, factRevision: 1 },
    ...{ factHash: 'h', occurredAt: at, run: 'rerating/shop/r' as FactId, reason: 'a slip' },
    ...{ requestedBy: 'ann', approvedBy: 'bob', from: { version: 1, hash: 'h' } },
    ...{ rulebook: { version: 2, hash: 'i' }, tier: null, points: -7, nothing: null, lots: [] },
    ...{ replaced: [], order: [], lines: [], taken: [], arrearsPaid: [], funders: {} },
    arrearsRaised: Points.points(2),
  });
  expect(entry).toMatchObject({ points: -7 });
  expect(entry.reason).toBe(
    'Receipt 4711 of 2026-01-01, store 1: rated again by rulebook 2 instead of 1, 7 points taken back; 2 of them are owed: a slip',
  );
});

describe('the entry', () => {
  it('of an adjustment gives the reason, its sign, and no name of staff', () => {
    expect(statementEntry(adjusted({}), at)).toMatchObject({
      points: 5,
      reason: '5 points added by an adjustment: goodwill',
    });
    expect(
      statementEntry(adjusted({ direction: 'down', taken: [{ lot: 'l', points: five }] }), at),
    ).toMatchObject({
      points: -5,
      reason: '5 points taken by an adjustment: goodwill',
      lots: [{ lot: 'l', points: -5 }],
    });
  });

  it('of arrears that are owed no more says who settled them', () => {
    const rulebook = { version: 3, hash: 'h' };
    expect(
      statementEntry(
        adjusted({
          cause: 'arrears-waived',
          reason: 'expired-before-its-return',
          authority: { by: 'rulebook', rulebook },
        }),
        at,
      ),
    ).toMatchObject({
      points: 5,
      reason:
        '5 points of what was owed are waived: what was returned had expired unspent, rulebook 3',
    });
    const payment = { minor: 500, currency: 'GBP', reference: 'till 1' };
    expect(statementEntry(adjusted({ cause: 'arrears-paid-in-money', payment }), at).reason).toBe(
      '5 points of what was owed are paid in money (500 minor units of GBP, reference till 1): goodwill',
    );
  });

  it('of a hold that is over moves nothing, and says why it is over', () => {
    const back: HoldReleased = {
      type: 'HoldReleased',
      data: {
        ...common,
        hold: 'hold/1' as FactId,
        cause: 'lapsed',
        points: five,
        allocations: [{ lot: 'l', points: five }],
        arrearsPaid: [{ lot: 'l', points: Points.points(2) }],
      },
    };
    expect(statementEntry(back, at)).toMatchObject({
      points: 0,
      reason: '5 points back from hold hold/1: its time was over; 2 of them paid what was owed',
    });
  });

  it('of an expiry takes the points away', () => {
    const expired: PointsExpired = {
      type: 'PointsExpired',
      data: {
        fact,
        occurredAt: at,
        through: at,
        points: five,
        allocations: [{ lot: 'l', points: five }],
      },
    };
    expect(statementEntry(expired, at)).toMatchObject({
      points: -5,
      reason: '5 points expired, not spent by 2026-01-01T10:00:00.000Z',
      lots: [{ lot: 'l', points: -5 }],
    });
  });
});
