/**
 * All tests of a mutation run as one file: what they import is loaded once a run instead of once a file,
 * which is most of what a short run costs.
 */
import { globSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const patterns = JSON.parse(globalThis.mutationTests);
// In the order of the patterns: the quick ones first, so that most bugs are found soon.
const files = new Set(patterns.flatMap((pattern) => globSync(pattern).sort()));
for (const file of files) await import(pathToFileURL(path.resolve(file)).href);
