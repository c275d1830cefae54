export * from './api-description.js';
export * from './call.js';
export * from './deployment.js';
export * from './dying-store.js';
export * from './every-row.js';
export * from './eventually.js';
export * from './test-service.js';
