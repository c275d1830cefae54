import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readCursor, writeCursor } from './cursor.js';

describe('a cursor', () => {
  it('leads back to where it was written', () => {
    fc.assert(
      fc.property(fc.nat(), (before) => {
        expect(readCursor(writeCursor(before))).toMatchObject({ before });
      }),
    );
  });
  it('is nothing that anyone else has written', () => {
    const forged = (value: unknown): string =>
      Buffer.from(JSON.stringify(value)).toString('base64url');
    for (const text of [
      '',
      'x',
      '5',
      forged({}),
      forged({ v: 1, before: -1 }),
      forged({ v: 1, before: 1.5 }),
      forged({ v: 2, before: 1 }),
      `${writeCursor(3)}=`,
      ` ${writeCursor(3)}`,
    ]) {
      expect(readCursor(text)).toBeNull();
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(readCursor(text)).toBeNull();
      }),
    );
  });
});
