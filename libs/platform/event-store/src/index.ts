export * from './port.js';
export * from './canonical-json.js';
export * from './new-event.js';
export * from './limits.js';
export * from './digest.js';
export * from './postgres/store.js';
export { eventStoreSchema } from './postgres/schema.js';
