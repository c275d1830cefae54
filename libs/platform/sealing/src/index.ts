export * from './master-keys.js';
export * from './sealed.js';
