import type { View } from '../views/view.js';

/** One row per account: how far its stream is folded, and its figures. */
export const accounts: View = {
  name: 'accounts',
  key: ['stream'],
  columns: [
    { name: 'stream', type: 'text' },
    { name: 'revision', type: 'int' },
    { name: 'position', type: 'bigint', ofThisStore: true },
    { name: 'program', type: 'text' },
    { name: 'account', type: 'text' },
    { name: 'member', type: 'text', nullable: true },
    { name: 'unit', type: 'text', nullable: true },
    { name: 'unspent', type: 'bigint' },
    { name: 'held', type: 'bigint' },
    { name: 'opening', type: 'bigint' },
    { name: 'earned', type: 'bigint' },
    { name: 'transferred_in', type: 'bigint' },
    { name: 'adjusted_up', type: 'bigint' },
    { name: 'refunded', type: 'bigint' },
    { name: 'redeemed', type: 'bigint' },
    { name: 'reversed', type: 'bigint' },
    { name: 'expired', type: 'bigint' },
    { name: 'transferred_out', type: 'bigint' },
    { name: 'adjusted_down', type: 'bigint' },
    { name: 'arrears_raised', type: 'bigint' },
    { name: 'arrears_paid', type: 'bigint' },
    { name: 'merged_into', type: 'text', nullable: true },
    /** Whether it has, or had, lots that lapse after inactivity: then whatever it does may move the dates of any of them. */
    { name: 'inactivity', type: 'boolean' },
    /** Open holds: their lots with dates, too, because a lot that is held whole is not among `lots`. */
    { name: 'holds', type: 'jsonb' },
    /** When the first of them is over; as of then they hold nothing, posted or not. */
    { name: 'next_lapse', type: 'text', nullable: true },
  ],
  indexes: [['program']],
};

/**
 * Lots with something left. Instants are RFC 3339 text in UTC with milliseconds, as the domain compares them: what a lot
 * is worth at a moment is the same question to SQL and to the domain.
 */
export const lots: View = {
  name: 'lots',
  key: ['stream', 'lot'],
  columns: [
    { name: 'stream', type: 'text' },
    { name: 'lot', type: 'text' },
    { name: 'program', type: 'text' },
    { name: 'account', type: 'text' },
    { name: 'points', type: 'bigint' },
    { name: 'remaining', type: 'bigint' },
    { name: 'available_at', type: 'text' },
    { name: 'expires_at', type: 'text', nullable: true },
    { name: 'rule', type: 'text' },
    { name: 'kind', type: 'text' },
    { name: 'funder', type: 'text' },
    { name: 'qualifies', type: 'boolean' },
  ],
  indexes: [['program']],
};

/** What the member reads: one entry per event of the account's stream. */
export const statementEntries: View = {
  name: 'statement_entries',
  key: ['stream', 'revision'],
  columns: [
    { name: 'stream', type: 'text' },
    { name: 'revision', type: 'int' },
    { name: 'program', type: 'text' },
    { name: 'account', type: 'text' },
    { name: 'at', type: 'text' },
    { name: 'recorded_at', type: 'text', ofThisStore: true },
    { name: 'type', type: 'text' },
    { name: 'points', type: 'bigint' },
    { name: 'reason', type: 'text' },
    { name: 'fact', type: 'text', nullable: true },
    { name: 'lots', type: 'jsonb' },
  ],
  indexes: [],
};

/** The sum of each posting account, as far as one account's stream has posted to it. */
export const postingSums: View = {
  name: 'posting_sums',
  key: ['stream', 'posting'],
  columns: [
    { name: 'stream', type: 'text' },
    { name: 'posting', type: 'text' },
    { name: 'program', type: 'text' },
    { name: 'account', type: 'text' },
    { name: 'points', type: 'bigint' },
  ],
  indexes: [['program']],
};

/** What the newest revision of a fact did to one account. */
export const awards: View = {
  name: 'awards',
  key: ['stream', 'fact'],
  columns: [
    { name: 'stream', type: 'text' },
    { name: 'fact', type: 'text' },
    { name: 'program', type: 'text' },
    { name: 'fact_revision', type: 'int' },
    { name: 'earned', type: 'bigint' },
    { name: 'reversed', type: 'bigint' },
    { name: 'arrears_raised', type: 'bigint' },
    { name: 'sells', type: 'boolean' },
    { name: 'reason', type: 'text', nullable: true },
  ],
  indexes: [['program']],
};
