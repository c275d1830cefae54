import { adapter } from './event-store.mjs';

/** The event store in PostgreSQL, and what all adapters share. */
export default adapter('postgres', {
  files: ['*.ts', 'postgres/**/*.ts'],
  tests: [
    '*.unit.ts',
    'postgres/**/*.unit.ts',
    'postgres/contract.int.ts',
    'postgres/**/!(killed-server).int.ts',
  ],
});
