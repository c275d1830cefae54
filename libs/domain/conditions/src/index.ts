export type * from './types.js';
export * from './compile.js';
