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
      cardToken: 'token-of-club-16',
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
