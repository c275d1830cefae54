export * from './account-cache.js';
export * from './accounts.js';
export * from './command.js';
export * from './read-account.js';
export * from './successor.js';
export * from './with-successors.js';
export * from './fold-every-account.js';
