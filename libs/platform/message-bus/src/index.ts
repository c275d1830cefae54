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
export {
  createKafkaMessageBus,
  fencesPublishers,
  type KafkaMessageBus,
  type KafkaMessageBusOptions,
} from './kafka/bus.js';
export type { KafkaConnection, KafkaSasl } from './kafka/client.js';
export type { KafkaLimits } from './kafka/limits.js';
