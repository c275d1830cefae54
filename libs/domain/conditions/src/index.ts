export type * from './types.js';
export * from './compile.js';
export type { Narrowing } from './narrow.js';
