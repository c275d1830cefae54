import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../templates/', import.meta.url);
const ending = '.yaml';
const scenarioEnding = '.scenario.yaml';

/** Programmes to begin with: each a rulebook document, and beside it a scenario with worked numbers that the tests play. */
export const templateNames = (): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith(ending) && !file.endsWith(scenarioEnding))
    .map((file) => file.slice(0, -ending.length))
    .sort();

/** The text of a template; null when there is none of that name. */
export const templateText = (name: string): string | null =>
  templateNames().includes(name) ? readFileSync(new URL(`${name}${ending}`, folder), 'utf8') : null;

/** What becomes of whom under a template, number by number; null when there is none of that name. */
export const scenarioText = (name: string): string | null =>
  templateNames().includes(name)
    ? readFileSync(new URL(`${name}${scenarioEnding}`, folder), 'utf8')
    : null;
