import { describe, expect, it } from '@jest/globals';
import type { Rulebook } from '@tallystick/rulebook';
import { rulebookDiff } from './diff.js';
import { readDocument } from './document.js';
import { templateNames, templateText } from './templates.js';

const bookOf = (text: string): Rulebook => {
  const read = readDocument(text);
  if (!read.ok) throw new Error(read.error.map(({ message }) => message).join('; '));
  return read.value;
};
const ladder = templateText('bronze-silver-gold') ?? '';

const said = (change: (text: string) => string): string[] =>
  rulebookDiff(bookOf(ladder), bookOf(change(ladder))).map(
    ({ what, before, after }) => `${what}: ${before ?? 'new'} -> ${after ?? 'gone'}`,
  );

describe('two versions of a rulebook', () => {
  it.each(templateNames())('that are the same say so: %s', (name) => {
    const book = bookOf(templateText(name) ?? '');
    expect(rulebookDiff(book, book)).toEqual([]);
  });

  it('differ in what a rule gives, and for whom', () => {
    expect(
      said((text) => text.replace("points: 1, per: '1.00'", "points: 2, per: '1.00'")),
    ).toEqual([
      'earning rule base: 1 points for each 1.00 PLN, for everybody, rounded down on each receipt -> 2 points for each 1.00 PLN, for everybody, rounded down on each receipt',
    ]);
    const some = said((text) =>
      text.replace('["silver", "gold"]', '["gold"]').replace("extra: '0.5'", "extra: '0.6'"),
    );
    expect(some).toEqual([
      expect.stringMatching(
        /^earning rule silver-bonus: 0\.5 times what base gave, when member\.tier in \["silver", "gold"\].* -> 0\.6 times what base gave, when member\.tier in \["gold"\]/,
      ),
    ]);
  });

  it('differ in levels, lots, values and exclusions', () => {
    expect(
      said((text) =>
        text
          .replace("from: '500', discount: '10'", "from: '400', discount: '12'")
          .replace('downgrade: one-step', 'downgrade: { graceMonths: 3 }')
          .replace("value: '2.00'", "value: '1.50'")
          .replace('pendingDays: 14', 'pendingDays: 0')
          .replace('[tobacco, gift-card]', '[gift-card]')
          .replace("    - { id: bronze, from: '100', discount: '5' }\n", ''),
      ),
    ).toEqual([
      'points: can be spent after 14 days, and lapse 24 months after they were earned, at the end of the year -> can be spent at once, and lapse 24 months after they were earned, at the end of the year',
      'categories that earn nothing: gift-card, tobacco -> gift-card',
      'the ladder: by spend over calendar year; a level begins at once, and ends one step -> by spend over calendar year; a level begins at once, and ends after 3 months of grace',
      'level bronze: from 100 PLN on, 5 % off -> gone',
      'level silver: from 500 PLN on, 10 % off -> from 400 PLN on, 12 % off',
      'the value of points: 100 points are 2.00 PLN -> 100 points are 1.50 PLN',
    ]);
  });

  it('differ in whatever a document can say', () => {
    const more = `
groups: [{ id: g, take: best }]
caps: [{ points: 9, per: day }]
discounts: [{ id: d, percent: '3' }]
rewards: [{ id: r, name: A mug, points: 5 }]
partnerEvents: [{ id: p, partner: bank, type: loan, points: 7 }]
attributes: { vip: bool }
arrears: { policy: waived }
claims: { windowDays: 30 }
`;
    const whats = rulebookDiff(bookOf(ladder), bookOf(ladder + more)).map(({ what }) => what);
    expect(whats.toSorted()).toEqual([
      'all rules together',
      'discount d',
      'group g',
      'member attribute vip',
      'partner rule p',
      'points that are owed',
      'receipts from before a card was linked',
      'reward r',
    ]);
  });
});
