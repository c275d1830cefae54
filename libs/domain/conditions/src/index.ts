export type * from './types.js';
export * from './compile.js';
export type { Narrowing } from './narrow.js';
export type { Range, Ranges } from './ranges.js';
export { dayToInt } from './values.js';
export { distance } from './distance.js';
