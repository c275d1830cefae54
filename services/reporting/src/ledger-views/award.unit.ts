import { describe, expect, it } from '@jest/globals';
import { accountId, instant, Points, type FactId } from '@tallystick/kernel';
import type { EarnReversed, LineReversal, PointsEarned } from '@tallystick/ledger';
import { pinnedOutcome, receiptFactId, type Fact } from '@tallystick/receipts';
import fc from 'fast-check';
import { awardOf, type Award } from './award.js';

const program = 'shop' as never;
const ref = { chain: 'c', store: '1', till: '1', number: '1', businessDate: '2026-01-01' as never };
const fact = receiptFactId(program, ref);
const at = instant('2026-01-01T10:00:00Z');
const rulebook = { version: 1, hash: 'h' };

const earned = (factRevision: number, points: number, reason: string | null): PointsEarned => ({
  type: 'PointsEarned',
  data: {
    fact,
    factRevision,
    factHash: 'h',
    occurredAt: at,
    card: null,
    rulebook,
    tier: null,
    points: Points.points(points),
    lots: [],
    lines: [],
    reason: points > 0 ? null : reason,
    spendYear: '2026',
    arrearsPaid: [],
    reinstated: [],
  },
});

const reversed = (
  factRevision: number,
  points: number,
  lines: number,
  owed: number,
): EarnReversed => ({
  type: 'EarnReversed',
  data: {
    fact,
    factRevision,
    factHash: 'h',
    occurredAt: at,
    cause: 'return',
    points: Points.points(points),
    reversals: Array.from(
      { length: points > 0 ? Math.max(lines, 1) : lines },
      (): LineReversal => ({
        fact,
        ordinal: 1,
        quantity: '1',
        points: Points.noPoints,
        lots: [],
        spendMinor: 0,
        returnedBy: 1,
      }),
    ),
    unmatched: [],
    taken: [],
    arrearsRaised: Points.points(Math.min(owed, points)),
    funders: {},
  },
});

const events = fc.array(
  fc.oneof(
    fc
      .record({ points: fc.nat(3), reason: fc.constantFrom(null, 'excluded', 'no-rule') })
      .map((of) => (revision: number) => earned(revision, of.points, of.reason)),
    fc
      .record({ points: fc.nat(3), lines: fc.nat(2), owed: fc.nat(3) })
      .map((of) => (revision: number) => reversed(revision, of.points, of.lines, of.owed)),
  ),
  { minLength: 1, maxLength: 5 },
);

describe("a receipt's award", () => {
  it('tells the same as the receipts domain tells of the same events, of the newest revision alone', () => {
    fc.assert(
      fc.property(events, events, (first, second) => {
        const all = [...first.map((make) => make(1)), ...second.map((make) => make(2))];
        const awards = new Map<FactId, Award>();
        for (const event of all) {
          const award = awardOf((id) => awards.get(id), event);
          if (award !== null) awards.set(award.fact, award);
        }
        const document: Fact = {
          id: fact,
          program,
          ref,
          revision: 2,
          hash: 'h',
          occurredAt: at,
          card: null,
          currency: 'GBP',
          channel: null,
          lines: [],
          paidWithPoints: '0',
        };
        const pin = { rulebook, parts: [{ account: accountId('a'), lines: [] }], nothing: null };
        const {
          reason,
          earned: points,
          reversed: back,
          arrearsRaised,
        } = pinnedOutcome(document, pin, all);
        expect(awards.get(fact)).toMatchObject({
          factRevision: 2,
          reason,
          earned: points,
          reversed: back,
          arrearsRaised,
        });
      }),
    );
  });
});
