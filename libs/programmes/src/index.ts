export * from './document.js';
export * from './templates.js';
export * from './diff.js';
export { rulebookSchemaText } from './schema.js';
