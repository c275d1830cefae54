import { describe, expect, it } from '@jest/globals';
import { whole } from './arguments.js';

describe('a whole number on the command line', () => {
  it('is written in digits', () => {
    expect(['1', '16', '1000'].map(whole)).toEqual([1, 16, 1000]);
  });

  it.each(['0x10', '1e3', ' 16 ', '+16', '16.0', '0b11', '-1', '0', '', '9007199254740993'])(
    'is not "%s"',
    (text) => {
      expect(() => whole(text)).toThrow('It must be a whole number above 0.');
    },
  );
});
