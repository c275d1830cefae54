import type { Rulebook } from './rulebook.js';

/** Reads a published document: it was checked when it was published, and is kept as it was hashed. */
export const decodeRulebook = (document: string): Rulebook => JSON.parse(document) as Rulebook;
