import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { serviceNames } from '@tallystick/contracts';
import { metricSignals, spanSignals } from './signals.js';

const page = readFileSync(new URL('../../../../docs/telemetry.md', import.meta.url), 'utf8');

/** The cells of each row of the table under a heading. */
const rowsUnder = (heading: string): string[][] => {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
};

const byOf = (by: readonly string[]): string =>
  by.length === serviceNames.length ? 'all' : by.join(', ');

it('the page names every span, its kind, and who emits it', () => {
  expect(rowsUnder('Spans').map(([name, kind, by]) => [name, kind, by])).toEqual(
    Object.values(spanSignals).map(({ name, kind, by }) => [name, kind.toLowerCase(), byOf(by)]),
  );
});

it('the page names every metric, its kind and unit, and who emits it', () => {
  expect(rowsUnder('Metrics').map(([name, kind, unit, by]) => [name, kind, unit, by])).toEqual(
    Object.values(metricSignals).map(({ name, kind, unit, by }) => [name, kind, unit, byOf(by)]),
  );
});
