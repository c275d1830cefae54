export * from './relay.js';
export { relayName, relayPosition } from './position.js';
export { relaySchema } from './schema.js';
