import type { ReceiptV1Input } from '@tallystick/contracts';

export const cardOf = (number: number): string => `card-${String(number).padStart(7, '0')}`;
const currency = 'GBP';

/** A rulebook of one rule: a point a pound. With a budget, which never ends here, that is what pays for them. */
export const rulebookOf = (program: string, budget?: string): string =>
  JSON.stringify({
    ...{ rulebook: 1, program, version: 1, name: 'Bench', currency, timeZone: 'Europe/London' },
    effectiveFrom: '2025-01-01T00:00:00Z',
    earning: [
      {
        ...{ id: 'base', points: 1, per: '1.00', rounding: 'down', level: 'receipt' },
        ...(budget === undefined ? {} : { budget }),
      },
    ],
    ...(budget === undefined ? {} : { budgets: [{ id: budget, points: 1_000_000_000 }] }),
    redemption: { points: 100, value: '1.00' },
  });

export const pointsOfReceipt = 37;

/** Three lines, 37.00 in all unless a price is given. */
export const receiptBody = (
  program: string,
  card: string,
  number: number,
  unitPrice = '11.00',
): ReceiptV1Input => ({
  ...{ program, chain: 'chain', store: `store-${number % 97}`, till: '3', number: String(number) },
  ...{ businessDate: '2026-05-04', occurredAt: '2026-05-04T10:00:00+01:00', currency, card },
  lines: [
    { ordinal: 1, product: '4000001', quantity: '2', unitPrice: '10.00', category: 'food' },
    { ordinal: 2, product: '4000002', quantity: '1', unitPrice: '6.00', category: 'food' },
    { ordinal: 3, product: `400${number % 5000}`, quantity: '1', unitPrice, category: 'home' },
  ],
});

export const redemptionBody = (program: string, card: string, number: number) => ({
  ...{ program, card, points: 1, kind: 'discount', reference: `basket ${number}` },
});
