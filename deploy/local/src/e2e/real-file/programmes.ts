import type { Level } from './second-computation.js';

/** The same programme twice: as a rulebook for the system, and as levels for the second computation. */
export interface Programme {
  readonly id: string;
  readonly document: string;
  readonly levels: readonly Level[];
}

const head = (id: string): string => `
rulebook: 1
program: ${id}
version: 1
name: The wholesaler's customers
effectiveFrom: '2010-01-01T00:00:00Z'
currency: GBP
timeZone: Europe/London
earning:
  - { id: base, points: 1, per: '1.00', rounding: down, level: receipt }
exclusions:
  categories: [non-goods]
lots: { pendingDays: 0, expiry: never }
`;

/** One point for each whole pound of a receipt, for goods only, for ever. */
export const flat: Programme = {
  id: 'wholesale-flat',
  document: head('wholesale-flat'),
  levels: [{ fromPence: 0n, times: 1n, over: 1n }],
};

/** The same, times what the spend of the calendar year has reached before the receipt. */
export const ladder: Programme = {
  id: 'wholesale-ladder',
  document: `${head('wholesale-ladder')}
tiers:
  by: spend
  window: calendar-year
  levels:
    - { id: bronze, from: '0', multiplier: '1' }
    - { id: silver, from: '500.00', multiplier: '1.25' }
    - { id: gold, from: '2000.00', multiplier: '1.5' }
`,
  levels: [
    { fromPence: 0n, times: 1n, over: 1n },
    { fromPence: 50_000n, times: 5n, over: 4n },
    { fromPence: 200_000n, times: 3n, over: 2n },
  ],
};
