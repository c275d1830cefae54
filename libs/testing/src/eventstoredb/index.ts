export {
  startEventStoreDbDouble,
  type DoubleOptions,
  type EventStoreDbDouble,
} from './double/server.js';
export { startDoubleProcess, type DoubleProcess } from './double/double-process.js';
export { refusals, type Fault, type Faults } from './double/faults.js';
export { eventStoreDbVariable, startRealEventStoreDb, type RealEventStoreDb } from './real.js';
