import type { View } from '../views/view.js';

/** One row per receipt: its newest revision (0: it has not come, and something of it was returned), and where it goes. What it earned is in `awards`. */
export const receipts: View = {
  name: 'receipts',
  key: ['stream'],
  columns: [
    { name: 'stream', type: 'text' },
    { name: 'revision', type: 'int' },
    { name: 'position', type: 'bigint', ofThisStore: true },
    { name: 'program', type: 'text' },
    { name: 'fact', type: 'text' },
    { name: 'chain', type: 'text' },
    { name: 'store', type: 'text' },
    { name: 'till', type: 'text' },
    { name: 'number', type: 'text' },
    { name: 'business_date', type: 'text' },
    { name: 'fact_revision', type: 'int' },
    { name: 'occurred_at', type: 'text' },
    { name: 'with_card', type: 'boolean' },
    { name: 'pinned', type: 'boolean' },
    { name: 'parts', type: 'int' },
    { name: 'rulebook', type: 'int', nullable: true },
    { name: 'nothing', type: 'text', nullable: true },
  ],
  indexes: [['program']],
};

/** Deliveries that were refused: the receipt that was there first stays as it is. */
export const refusals: View = {
  name: 'refusals',
  key: ['stream', 'revision'],
  columns: [
    { name: 'stream', type: 'text' },
    { name: 'revision', type: 'int' },
    { name: 'program', type: 'text' },
    { name: 'fact', type: 'text' },
    { name: 'fact_revision', type: 'int' },
    { name: 'reason', type: 'text' },
  ],
  indexes: [['program']],
};
