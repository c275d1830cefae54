import { describe, expect, it } from '@jest/globals';
import { holdDuration, whole } from './arguments.js';

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

describe('how long a hold lasts', () => {
  it('is a duration of 30 days at most', () => {
    expect(['90s', '30m', '30d'].map(holdDuration)).toEqual([90, 1_800, 2_592_000]);
    expect(() => holdDuration('31d')).toThrow('A hold lasts 30d at most.');
    expect(() => holdDuration('soon')).toThrow('It must be like');
  });
});
