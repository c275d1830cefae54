export * from './document.js';
export * from './templates.js';
export * from './diff.js';
export * from './changed-meanings.js';
export * from './explanation-words.js';
export { rulebookSchemaText } from './schema.js';
export * from './certificate-words.js';
