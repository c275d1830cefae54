export * from './pool.js';
export * from './transaction.js';
export * from './session.js';
export * from './unavailable.js';
export * from './migrate.js';
export * from './provision.js';
export * from './constraint.js';
