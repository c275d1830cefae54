export * from './document.js';
export * from './templates.js';
export * from './diff.js';
export type { Effect } from './effects.js';
export type { ChangedMeaning } from './changed-meanings.js';
export * from './follows.js';
export * from './explanation-words.js';
export { rulebookSchemaText } from './schema.js';
export * from './certificate-words.js';
