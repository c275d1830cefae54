import type { View } from '../views/view.js';

/** One row per member: the account that it collects on, and how many cards lead there now. No personal data: that stays in enrollment. */
export const members: View = {
  name: 'members',
  key: ['stream'],
  columns: [
    { name: 'stream', type: 'text' },
    { name: 'revision', type: 'int' },
    { name: 'position', type: 'bigint', ofThisStore: true },
    { name: 'program', type: 'text' },
    { name: 'member', type: 'text' },
    { name: 'account', type: 'text', nullable: true },
    { name: 'cards', type: 'int' },
  ],
  indexes: [['program', 'account']],
};
