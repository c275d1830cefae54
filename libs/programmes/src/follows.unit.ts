import { describe, expect, it } from '@jest/globals';
import { instant } from '@tallystick/kernel';
import type { Rulebook } from '@tallystick/rulebook';
import { readDocument } from './document.js';
import { cannotFollow, mayNotFollow } from './follows.js';
import { templateText } from './templates.js';

const bookOf = (text: string): Rulebook => {
  const read = readDocument(text);
  if (!read.ok) throw new Error(read.error.map(({ message }) => message).join('; '));
  return read.value;
};
const book = bookOf(templateText('bronze-silver-gold') ?? '');
const next = {
  ...book,
  version: book.version + 1,
  effectiveFrom: '2030-01-01T00:00:00Z',
};
const now = instant('2029-01-01T00:00:00Z');

describe('a version after another', () => {
  it('may change what it gives', () => {
    expect(cannotFollow({ ...next }, [book])).toEqual([]);
    expect(mayNotFollow(next, [book], now)).toEqual([]);
  });

  it.each([
    [{ currency: 'EUR' }, 'currency', /must stay PLN/],
    [{ timeZone: 'Europe/Paris' }, 'timeZone', /must stay Europe\/Warsaw/],
    [{ program: 'other' }, 'program', /must be .*: another programme/],
    [{ effectiveFrom: '2000-01-01T00:00:00Z' }, 'effectiveFrom', /must not be before/],
  ])(
    'cannot have another programme, currency, time zone, or an earlier start: %j',
    (change, field, message) => {
      expect(cannotFollow({ ...next, ...change }, [book])).toEqual([
        { path: [field], message: expect.stringMatching(message) },
      ]);
    },
  );

  it('is warned of a number that is not higher, and of a start that is over', () => {
    const same = mayNotFollow(book, [book], now).map(({ path }) => path);
    expect(same).toEqual([['version'], ['effectiveFrom']]);
  });
});
