export * from './document.js';
export * from './templates.js';
export { rulebookSchemaText } from './schema.js';
