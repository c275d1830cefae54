import { adapter } from './event-store.mjs';

/** The event store in EventStoreDB, on the double of its server. */
export default adapter('eventstoredb', {
  files: ['eventstoredb/**/*.ts'],
  tests: ['eventstoredb/**/*.{unit,int}.ts'],
});
