export * from './telemetry.js';
export { fail, kindOfError, type Work } from './spans.js';
export * from './attributes.js';
export * from './signals.js';
export * from './traceparent.js';
