import { describe, expect, it } from '@jest/globals';
import { programId } from '@tallystick/kernel';
import { createCardTokens } from '@tallystick/service-host';
import { contentOf, earnEvent, hashOf } from './earn-event.js';

const cardTokens = createCardTokens(Buffer.alloc(32, 1));
const program = programId('p');
const tokenOf = (card: string) => cardTokens.tokenOf(program, card);
const ref = { program, partner: 'fly', event: 'e1' };
const visit = { type: 'visit', occurredAt: '2026-01-31T10:30:00+01:00', card: ' 9821 ' };

const content = (event: unknown) => {
  const read = contentOf(earnEvent.parse(event), tokenOf);
  if (read === undefined) throw new Error('no such time');
  return read;
};

describe('an earn event', () => {
  it('is known by a token of its card and by its moment', () => {
    expect(content(visit)).toEqual({
      type: 'visit',
      occurredAt: '2026-01-31T09:30:00.000Z',
      card: tokenOf('9821'),
      amount: null,
      currency: null,
    });
  });

  it('names who gives it and why, if they are told', () => {
    const told = content({ ...visit, sender: ' desk-7 ', reason: 'helped out' });
    expect(told).toEqual({ ...content(visit), sender: 'desk-7', reason: 'helped out' });
  });

  it('is the same content however it is written', () => {
    const first = { ...visit, amount: '12.50', currency: 'PLN' };
    const again = {
      currency: 'PLN',
      amount: '12.5',
      card: '9821',
      occurredAt: '2026-01-31T09:30:00Z',
      type: 'visit',
    };
    expect(hashOf(ref, content(again))).toBe(hashOf(ref, content(first)));
  });

  it.each([
    { type: 'purchase' },
    { occurredAt: '2026-01-31T09:30:01Z' },
    { card: '9822' },
    { amount: '12.51' },
    { currency: 'EUR' },
    { sender: 'desk-7' },
    { reason: 'helped out' },
  ])('is another content with %j', (change) => {
    const first = { ...visit, amount: '12.50', currency: 'PLN' };
    expect(hashOf(ref, content({ ...first, ...change }))).not.toBe(hashOf(ref, content(first)));
  });

  it.each([
    { type: 'a visit' },
    { type: '' },
    { occurredAt: '2026-01-31T09:30:00' },
    { occurredAt: '2026-02-30T09:30:00Z' },
    { occurredAt: 1769851800 },
    { card: '' },
    { card: '98\u000021' },
    { card: '9'.repeat(101) },
    { card: 9821 },
    { amount: '12.50' },
    { currency: 'PLN' },
    { amount: '-1', currency: 'PLN' },
    { amount: 12.5, currency: 'PLN' },
    { amount: '1e3', currency: 'PLN' },
    { amount: '9'.repeat(31), currency: 'PLN' },
    { amount: '1', currency: 'zl' },
    { points: 100 },
    { sender: '' },
    { sender: 'a\u0000b' },
    { reason: 'x'.repeat(201) },
  ])('is refused with %j', (change) => {
    expect(earnEvent.safeParse({ ...visit, ...change }).success).toBe(false);
  });
});
