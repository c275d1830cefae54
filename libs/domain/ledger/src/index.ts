export * from './events.js';
export * from './account.js';
export * from './evolve.js';
export * from './postings.js';
export * from './take.js';
export type { ReturnedLine } from './returns.js';
export * from './decide-account.js';
export * from './decide-receipt.js';
export * from './decide-redemption.js';
