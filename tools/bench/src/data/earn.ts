import { createHash } from 'node:crypto';
import {
  accountId,
  addMs,
  cardToken,
  factId,
  instant,
  memberId,
  Points,
  programId,
  type AccountId,
  type Instant,
} from '@tallystick/kernel';
import type { AccountOpened, RatedFact } from '@tallystick/ledger';

/** The one programme of the benchmarks. */
export const program = programId('bench');
export const firstSale = instant('2026-01-01T08:00:00.000Z');
const dayMs = 86_400_000;

export const accountOf = (number: number): AccountId =>
  accountId(`a${String(number).padStart(9, '0')}`);

export const openingOf = (account: AccountId): AccountOpened => ({
  type: 'AccountOpened',
  data: { program, account, member: memberId(`m-${account}`), unit: 'points' },
});

export const saleTime = (number: number): Instant => addMs(firstSale, number * 1000);

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
const rulebook = { version: 1, hash: hash('rulebook') };

export const pointsPerReceipt = 37;

/** A receipt of three lines, as a flat rulebook rates it: one lot. `number` names it for ever. */
export const receiptOf = (number: number): RatedFact => lotOf(number, pointsPerReceipt);

/** The same with another sum of points. */
export const lotOf = (number: number, sum: number): RatedFact => {
  const occurredAt = saleTime(number);
  const fact = factId('receipt', 'chain', `store-${number % 97}`, 'till-3', String(number));
  const points = [12, 20, sum - 32];
  return {
    fact,
    factRevision: 1,
    factHash: hash(fact),
    occurredAt,
    card: cardToken(`c${hash(`card ${number}`).slice(0, 32)}`),
    rulebook,
    tier: null,
    spendYear: '2026',
    earning: {
      lots: [
        {
          id: `${fact}#1.0`,
          points: Points.points(sum),
          rule: 'base',
          kind: 'base',
          availableAt: occurredAt,
          expiresAt: addMs(occurredAt, 730 * dayMs),
          funder: 'chain',
          qualifies: true,
        },
      ],
      lines: points.map((each, ordinal) => ({
        ordinal,
        product: `400000${number % 5000}${ordinal}`,
        quantity: '1',
        points: [Points.points(each)],
        spendMinor: each * 100,
        excluded: null,
      })),
      reason: null,
    },
    returns: [],
    returnsNotBefore: addMs(occurredAt, -90 * dayMs),
  };
};
