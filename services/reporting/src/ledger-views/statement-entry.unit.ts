import { describe, expect, it } from '@jest/globals';
import { instant, localDate, Points, type FactId } from '@tallystick/kernel';
import type {
  CertificatePeriod,
  EarnReversed,
  LedgerEvent,
  Lot,
  PointsEarned,
} from '@tallystick/ledger';
import { statementEntry } from './statement-entry.js';

const at = instant('2026-01-01T10:00:00Z');
const receipt = 'receipt/shop/acme/1/7/4711/2026%2D01%2D01' as FactId;
const lot = (rule: string, points: number): Lot => ({
  id: `${receipt}#1.${rule}`,
  points: Points.points(points),
  rule,
  kind: 'base',
  availableAt: at,
  expiresAt: null,
  funder: 'chain',
  qualifies: true,
});
const earned = (changes: Partial<PointsEarned['data']>): LedgerEvent => ({
  type: 'PointsEarned',
  data: {
    fact: receipt,
    factRevision: 1,
    factHash: 'h',
    occurredAt: at,
    card: null,
    rulebook: { version: 3, hash: 'h' },
    tier: null,
    points: Points.points(139),
    lots: [lot('base', 139)],
    lines: [],
    reason: null,
    spendYear: '2026',
    arrearsPaid: [],
    reinstated: [],
    ...changes,
  },
});
const reversed = (changes: Partial<EarnReversed['data']>): LedgerEvent => ({
  type: 'EarnReversed',
  data: {
    fact: receipt,
    factRevision: 1,
    factHash: 'h',
    occurredAt: at,
    cause: 'return',
    points: Points.points(5),
    reversals: [],
    unmatched: [],
    taken: [],
    arrearsRaised: Points.noPoints,
    funders: {},
    ...changes,
  },
});
const reason = (event: LedgerEvent): string => statementEntry(event, at).reason;

describe('the reason of an entry', () => {
  it('tells what a corrected return gives back apart from what the receipt earned', () => {
    const sale = (number: number) => `receipt/shop/acme/1/7/${number}/2026%2D01%2D01` as FactId;
    const taken = (number: number, points: number) => ({
      ...{ fact: sale(number), ordinal: 1, quantity: '1', points: Points.points(points) },
      lots: [{ lot: `l-${number}`, points: Points.points(points) }],
      ...{ spendMinor: 0, returnedBy: 1 },
    });
    const of = (number: number) => `of receipt ${number} of 2026-01-01, store 1 given back`;
    const back = { factRevision: 2, reinstated: [taken(1, 4)], lots: [lot('base', 4)] };
    expect(reason(earned(back))).toBe(
      `Receipt 4711 of 2026-01-01, store 1 (revision 2): 4 points ${of(1)}, rulebook 3`,
    );
    const more = {
      ...{ reinstated: [1, 2, 3, 4].map((number) => taken(number, 2)) },
      lots: [lot('base', 10), ...[1, 2, 3, 4].map(() => lot('base', 2))],
    };
    expect(reason(earned({ ...back, ...more }))).toBe(
      `Receipt 4711 of 2026-01-01, store 1 (revision 2): 10 points by rule base, 2 points ${of(1)}, 2 points ${of(2)}, 2 points ${of(3)} and 1 more, rulebook 3`,
    );
  });

  it('names receipt, points per rule and rulebook', () => {
    expect(reason(earned({}))).toBe(
      'Receipt 4711 of 2026-01-01, store 1: 139 points by rule base, rulebook 3',
    );
    expect(
      reason(
        earned({
          factRevision: 2,
          tier: 'gold',
          lots: [lot('base', 100), lot('weekend', 1), lot('base', 38)],
        }),
      ),
    ).toBe(
      'Receipt 4711 of 2026-01-01, store 1 (revision 2): 138 points by rule base, 1 point by rule weekend, rulebook 3, tier gold',
    );
  });

  it('says why there are none', () => {
    expect(reason(earned({ points: Points.noPoints, lots: [], reason: 'all-excluded' }))).toBe(
      'Receipt 4711 of 2026-01-01, store 1: no points, all-excluded, rulebook 3',
    );
  });

  it('of a return names the sales, what is owed, and what matched no sale', () => {
    const reversal = (number: number) => ({
      fact: `receipt/shop/acme/1/7/${number}/2025%2D12%2D24` as FactId,
      ordinal: 1,
      quantity: '1',
      points: Points.points(1),
      lots: [],
      spendMinor: 0,
      returnedBy: 1,
    });
    expect(
      reason(
        reversed({
          reversals: [1, 2, 2, 3, 4, 5].map(reversal),
          arrearsRaised: Points.points(2),
          unmatched: [{ ordinal: 9, product: 'p', quantity: '1' }],
        }),
      ),
    ).toBe(
      'Receipt 4711 of 2026-01-01, store 1: return, 5 points taken back of receipt 1 of 2025-12-24, store 1, receipt 2 of 2025-12-24, store 1, receipt 3 of 2025-12-24, store 1 and 2 more; 2 of them are owed; 1 returned line matches no sale',
    );
    expect(
      reason(
        reversed({
          points: Points.noPoints,
          unmatched: [1, 2].map((ordinal) => ({ ordinal, product: 'p', quantity: '1' })),
        }),
      ),
    ).toBe(
      'Receipt 4711 of 2026-01-01, store 1: return, 0 points taken back; 2 returned lines match no sale',
    );
  });

  it('of a correction says that the receipt was corrected', () => {
    expect(reason(reversed({ cause: 'correction', factRevision: 2 }))).toBe(
      'Receipt 4711 of 2026-01-01, store 1: corrected by revision 2, 5 points taken back',
    );
  });
});

describe('an entry of a gift certificate', () => {
  const certificate = 'certificate/shop/ann/gift/2026%2D01%2D01' as FactId;
  const use = 'certificateuse/shop/u1' as FactId;
  const rulebook = { version: 3, hash: 'h' };
  const money = { certificate, occurredAt: at, valueMinor: 1_250, currency: 'GBP' };
  const [first, last] = [localDate('2026-01-01'), localDate('2026-01-31')];
  const period: CertificatePeriod = { kind: 'month', first, last };
  const issued = {
    ...{ fact: certificate, occurredAt: at, rule: 'gift', period, rulebook, valueMinor: 1_250 },
    ...{ currency: 'GBP', validUntil: at, funder: 'chain', from: '100' },
  };
  const corrected = { ...money, rulebook, beforeMinor: 5_000, reached: 1, funder: 'chain' };
  const cases: readonly (readonly [string, LedgerEvent])[] = [
    [
      'Gift certificate of 12.50 GBP by rule gift for 105.50 GBP from 2026-01-01 to 2026-01-31, from 100 on, rulebook 3, until 2026-01-01T10:00:00.000Z',
      { type: 'CertificateIssued', data: { ...issued, by: 'spend', reached: 10_550 } },
    ],
    [
      'Gift certificate of 12.50 GBP by rule gift for 120 points from 2026-01-01 to 2026-01-31, from 100 on, rulebook 3, until 2026-01-01T10:00:00.000Z',
      { type: 'CertificateIssued', data: { ...issued, by: 'points', reached: 120 } },
    ],
    [
      'Gift certificate of 50.00 GBP is worth 12.50 GBP now, for what came late or back of its period',
      { type: 'CertificateCorrected', data: { ...corrected, from: '1' } },
    ],
    [
      'Gift certificate of 50.00 GBP withdrawn, for what came late or back of its period',
      { type: 'CertificateCorrected', data: { ...corrected, from: null, valueMinor: 0 } },
    ],
    [
      'Gift certificate of 12.50 GBP used, reference till 7',
      { type: 'CertificateUsed', data: { ...money, use, factHash: 'h', reference: 'till 7' } },
    ],
    [
      'Gift certificate of 12.50 GBP back, until 2026-01-01T10:00:00.000Z: cancelled',
      {
        type: 'CertificateGivenBack',
        data: {
          ...{ ...money, fact: use, use, factHash: 'h', validUntil: at, reason: 'cancelled' },
        },
      },
    ],
    [
      'Gift certificate of 12.50 GBP expired, not used',
      { type: 'CertificateExpired', data: money },
    ],
  ];

  it.each(cases)('says so in words, and moves no points: %s', (reason, event) => {
    expect(statementEntry(event, at)).toMatchObject({ reason, points: 0, lots: [], at });
  });
});
