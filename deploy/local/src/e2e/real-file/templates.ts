import { readDocument, templateText } from '@tallystick/programmes';
import type { Rulebook } from '@tallystick/rulebook';

/** A template as a shop in London would have it in 2010: its own words, but for currency, days and what is no goods. */
const atTheWholesalers = (
  name: string,
  ...changes: readonly (readonly [string, string])[]
): string => {
  let text = templateText(name) ?? '';
  const change = (from: string | RegExp, to: string): void => {
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`${name} has no ${String(from)}`);
    text = changed;
  };
  change(/^program: .*$/m, 'program: wholesale');
  change(/^currency: .*$/m, 'currency: GBP');
  change(/^timeZone: .*$/m, 'timeZone: Europe/London');
  change(/^effectiveFrom: .*$/m, "effectiveFrom: '2010-01-01T00:00:00Z'");
  text = text.replace(/^exclusions: .*$/m, '');
  text += '\nexclusions: { categories: [non-goods] }\n';
  for (const [from, to] of changes) change(from, to);
  return text;
};

const read = (text: string): Rulebook => {
  const book = readDocument(text);
  if (!book.ok) throw new Error(JSON.stringify(book.error));
  return book.value;
};

// Points are to lapse within the file, and a version to follow another.
const quarter = ['months: 12', 'months: 3'] as const;
const secondVersion = [
  ['version: 1', 'version: 2'],
  ["effectiveFrom: '2010-01-01T00:00:00Z'", "effectiveFrom: '2011-04-01T00:00:00+01:00'"],
  ['id: base, points: 1', 'id: base, points: 2'],
] as const;

/** The versions of each, in the order in which they come into force. */
export const templates = (): Readonly<Record<string, readonly Rulebook[]>> => ({
  'bonus-card': [
    read(atTheWholesalers('bonus-card', quarter)),
    read(atTheWholesalers('bonus-card', quarter, ...secondVersion)),
  ],
  'bronze-silver-gold': [read(atTheWholesalers('bronze-silver-gold'))],
  'like-hm': [
    read(
      atTheWholesalers(
        'like-hm',
        ['date("2026-05-09")', 'date("2011-05-09")'],
        ['date("2026-05-10")', 'date("2011-05-10")'],
      ),
    ),
  ],
  'like-sephora': [read(atTheWholesalers('like-sephora'))],
  'cumulative-discount': [read(atTheWholesalers('cumulative-discount'))],
});
