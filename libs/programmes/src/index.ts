export * from './document.js';
export * from './templates.js';
