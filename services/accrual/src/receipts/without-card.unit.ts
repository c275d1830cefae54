import { describe, expect, it } from '@jest/globals';
import { cardToken } from '@tallystick/kernel';
import { withoutCard } from './without-card.js';

const tokens = {
  tokenOf: (program: string, card: string) => cardToken(`token-of-${program}-${card.length}`),
};
const keep = (key: string, value: string, receipt: unknown) =>
  withoutCard({ key, value }, receipt, tokens);

describe('a receipt among the dead letters', () => {
  it('has its card’s token in place of the number, wherever the number stands', () => {
    const receipt = {
      program: 'club',
      card: '4000123412341234',
      lines: 'none',
      note: 'lost 4000123412341234',
    };
    const kept = keep('4000123412341234', JSON.stringify(receipt), receipt);
    expect(JSON.stringify(kept)).not.toContain('4000123412341234');
    expect(kept.key).toBe('token-of-club-16');
    expect(JSON.parse(kept.value)).toEqual({
      program: 'club',
      lines: 'none',
      note: 'lost #',
      card: '#',
      cardToken: 'token-of-club-16',
    });
  });

  it('keeps what else the receipt says: numbers that only contain the card’s are others', () => {
    const receipt = {
      ...{ program: 'club', chain: 'c', store: 's-123456', till: '1234567', number: '0001234567' },
      card: ' 123456 ',
      lines: [
        { ordinal: 1, product: '5000123456789', quantity: '1', amount: '123456.00' },
        {
          ordinal: 2,
          product: 'tea',
          description: 'of 1234567',
          quantity: '1',
          amount: '0.123456',
        },
      ],
      tenders: [{ kind: 'cash', amount: '123457.123456' }],
    };
    const kept = keep('0001234567', JSON.stringify(receipt), receipt);
    expect(kept.key).toBe('0001234567');
    expect(JSON.parse(kept.value)).toEqual({
      ...receipt,
      ...{ card: '#', cardToken: 'token-of-club-6' },
    });
  });

  it.each([
    [
      'a field that is the number',
      { number: '123456', till: ' 123456' },
      { number: '#', till: '#' },
    ],
    ['a number without quotes', { till: 123456, lines: [123456] }, { till: '#', lines: ['#'] }],
    [
      'a text that has it as a word',
      { lines: [{ description: 'lost:123456, found' }] },
      { lines: [{ description: 'lost:#, found' }] },
    ],
    ['a field that is called so', { 'lost 123456': true }, { 'lost #': true }],
    [
      'a field that nobody knows',
      { loyalty: { ids: ['x123456', '123456789'] } },
      { loyalty: { ids: ['x#', '123456789'] } },
    ],
  ])('hides %s', (_, more, shown) => {
    const receipt = { program: 'club', card: '123456', ...more };
    expect(JSON.parse(keep('club/123456', JSON.stringify(receipt), receipt).value)).toEqual({
      ...{ program: 'club', card: '#', cardToken: 'token-of-club-6' },
      ...shown,
    });
    expect(keep('club/123456', JSON.stringify(receipt), receipt).key).toBe('token-of-club-6');
  });

  it('hides a short number, which stands elsewhere by chance, as a whole text alone', () => {
    const receipt = { program: 'club', card: '47', number: '47', note: 'on 47', lines: 47 };
    const value = JSON.stringify(receipt);
    expect(JSON.parse(keep('147', value, receipt).value)).toEqual({
      ...receipt,
      ...{ card: '#', number: '#', cardToken: 'token-of-club-2' },
    });
    expect(keep('147', value, receipt).key).toBe('147');
    expect(keep('club/47', value, receipt).key).toBe('token-of-club-2');
  });

  it('of more digits than a double holds is hidden without quotes, too', () => {
    const value = '{"program":"club","card":"4000123412341234567","till":4000123412341234567}';
    expect(keep('k', value, JSON.parse(value)).value).not.toContain('40001234');
  });

  it.each([
    ['nested', `${'['.repeat(100_000)}"123456"${']'.repeat(100_000)}`],
    ['long', `"${'\\n12345 '.repeat(100_000)}123456"`],
    ['told twice', '1,"card":"9826700001001","card":" \\u0031\\u003234\\u00356"'],
  ])('is kept without the number however it is %s', (_, lines) => {
    const value = `{"program":"club","card":"123456","lines":${lines}} `;
    const kept = keep('k', value, JSON.parse(value)).value;
    expect(JSON.parse(kept)).toMatchObject({ card: '#', cardToken: 'token-of-club-6' });
    expect(kept).not.toMatch(/123456|9826700001001/);
  });

  it('in the binary form is kept as JSON', () => {
    const receipt = { program: 'club', card: '123456', number: '1234567' };
    const message = { key: '123456', value: '\u0000', bytes: Buffer.from([0]) };
    expect(withoutCard(message, receipt, tokens)).toEqual({
      key: 'token-of-club-6',
      value: '{"cardToken":"token-of-club-6","program":"club","card":"#","number":"1234567"}',
    });
  });

  it('that is none has every long number masked', () => {
    expect(keep('4000123412341234', '{"card": 4000123412341234, "n": 12', undefined)).toEqual({
      key: '################',
      value: '{"card": ################, "n": 12',
    });
    expect(keep('k', '{"card":4000123412341234}', { card: 4000123412341234 }).value).toBe(
      '{"card":################}',
    );
  });
});
