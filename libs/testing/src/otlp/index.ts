export * from './receiver.js';
export type { Attributes, ReceivedMetric, ReceivedSpan } from './decode.js';
