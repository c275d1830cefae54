export * from './relay.js';
export type { Sending } from './sending.js';
export { relayName, relayPosition } from './position.js';
export { relaySchema } from './schema.js';
