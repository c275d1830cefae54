import { describe, expect, it } from '@jest/globals';
import { factId } from '@tallystick/kernel';
import { sampleMetadata } from './contract/events.js';
import { canonicalJson } from './canonical-json.js';
import { newEvent } from './new-event.js';

describe('a new event', () => {
  const fact = factId('receipt', 'acme', '1');
  const of = (data: { readonly [key: string]: number }, type = 'Sold', ordinal = 0) =>
    newEvent(fact, ordinal, { type, data }, sampleMetadata);

  it('has the same id whenever the same fact says the same', () => {
    expect(of({ a: 1, b: 2 })).toEqual(of({ b: 2, a: 1 }));
    expect(
      newEvent(fact, 0, { type: 'Sold', data: { a: 1 } }, { ...sampleMetadata, actor: 'other' }).id,
    ).toBe(of({ a: 1 }).id);
  });

  it('has another id for other content, another type, another ordinal, another fact', () => {
    const ids = [
      of({ a: 1 }),
      of({ a: 2 }),
      of({ a: 1 }, 'Bought'),
      of({ a: 1 }, 'Sold', 1),
      newEvent(factId('receipt', 'acme', '2'), 0, { type: 'Sold', data: { a: 1 } }, sampleMetadata),
    ].map(({ id }) => id);
    expect(new Set(ids).size).toBe(5);
  });

  it('never changes its id: what stores hold was made with it', () => {
    expect(of({ points: 10 }).id).toBe('2b12ece7-7492-5e03-8b7c-83bb0335c089');
  });

  it('keeps its data in canonical form', () => {
    expect(of({ b: 2, a: 1 }).data).toBe('{"a":1,"b":2}');
    expect(() => canonicalJson(undefined)).toThrow('not a JSON value');
    expect(() => canonicalJson({ a: Number.NaN })).toThrow();
  });
});
