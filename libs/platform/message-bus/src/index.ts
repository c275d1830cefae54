export * from './port.js';
export * from './pace.js';
export {
  createPostgresMessageBus,
  publishesInTransactions,
  type PostgresMessageBus,
  type PostgresMessageBusOptions,
} from './postgres/bus.js';
export type { BusLimits } from './postgres/limits.js';
export { busSchema } from './postgres/schema.js';
