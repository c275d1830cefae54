export type * from './json.js';
export * from './printable.js';
export * from './receipt-v1.js';
export * from './receipt-v1-protobuf.js';
export * from './rulebook-v1.js';
export * from './events.js';
export * from './topics.js';
export type * from './relayed.js';
export * from './services.js';
