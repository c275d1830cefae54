import { describe, expect, it } from '@jest/globals';
import { decimalReader, negated, signOf } from './decimals.js';

describe('a decimal of a file', () => {
  const plain = decimalReader({ decimalMark: '.' });
  it.each([
    ['12.50', '12.50'],
    ['-3', '-3'],
    ['+3', '3'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['0.001', '0.001'],
    ['123456789012345678901234.123456', '123456789012345678901234.123456'],
  ])('%s is kept exactly', (text, decimal) => {
    expect(plain(text)).toBe(decimal);
  });

  it.each([
    '',
    '.',
    '-',
    '1,000',
    '1e3',
    '12a',
    '1.2.3',
    '0x10',
    'NaN',
    'Infinity',
    '1 000',
    '--1',
    '1'.repeat(31),
  ])('%p is none', (text) => {
    expect(plain(text)).toBeNull();
  });

  it('may have a comma for its mark and points between its thousands', () => {
    const continental = decimalReader({ decimalMark: ',', groupMark: '.' });
    expect(continental('1.234.567,89')).toBe('1234567.89');
    expect(continental('-1234,5')).toBe('-1234.5');
    expect(continental('12.34')).toBeNull();
    expect(continental('1.23.456')).toBeNull();
  });

  it('may have spaces or apostrophes between its thousands', () => {
    expect(decimalReader({ decimalMark: ',', groupMark: ' ' })('12 345,67')).toBe('12345.67');
    expect(decimalReader({ decimalMark: '.', groupMark: "'" })("12'345.67")).toBe('12345.67');
  });
});

describe('the sign of a decimal', () => {
  it('is read off its text, and nothing has none', () => {
    expect([signOf('-0.01'), signOf('0.00'), signOf('-0'), signOf('10')]).toEqual([-1, 0, 0, 1]);
  });
  it('can be turned', () => {
    expect([negated('1.50'), negated('-1.50')]).toEqual(['-1.50', '1.50']);
  });
});
