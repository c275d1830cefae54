export type * from './events.js';
export * from './decode-events.js';
export * from './fact-stream.js';
export * from './card-stream.js';
export * from './pin.js';
export * from './apply.js';
export * from './calculate.js';
export * from './explain.js';
export * from './outcome.js';
