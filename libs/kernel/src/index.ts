export * from './result.js';
export * from './ids.js';
export * as Exact from './exact.js';
export type { Rounding } from './exact.js';
export * as Safe from './safe.js';
export * as Points from './points.js';
export * from './money.js';
export * from './time.js';
export * from './remembered.js';
