export * from './test-database.js';
export * from './source-process.js';
