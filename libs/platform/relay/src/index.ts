export * from './relay.js';
export { relayPosition } from './position.js';
export { relaySchema } from './schema.js';
