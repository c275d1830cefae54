import type { View } from '../views/view.js';

/** One row per programme: the rulebook that was published last. */
export const programs: View = {
  name: 'programs',
  key: ['stream'],
  columns: [
    { name: 'stream', type: 'text' },
    { name: 'revision', type: 'int' },
    { name: 'position', type: 'bigint', ofThisStore: true },
    { name: 'program', type: 'text' },
    { name: 'rulebook', type: 'int', nullable: true },
    { name: 'rulebook_hash', type: 'text', nullable: true },
    { name: 'effective_from', type: 'text', nullable: true },
  ],
  indexes: [['program']],
};
