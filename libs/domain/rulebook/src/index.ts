export type * from './facts.js';
export * from './rulebook.js';
export * from './decode-rulebook.js';
export * from './rate.js';
export * from './tier.js';
export * from './lot-dates.js';
export * from './in-force.js';
