export * from './events.js';
export * from './account.js';
export * from './evolve.js';
export * from './postings.js';
