import { describe, expect, it } from '@jest/globals';
import { States } from './states.js';

describe('folded states in memory', () => {
  const [a, b, c] = ['a', 'b', 'c'] as never[];
  const states = () => new States<number>((weight) => weight, 10);

  it('are found at the revision that they were put at, once', () => {
    const held = states();
    held.put(a as never, 3, 5);
    expect(held.take(a as never, 3)).toBe(5);
    expect(held.take(a as never, 3)).toBeUndefined();
  });

  it('are not found at another revision: someone else has folded the stream', () => {
    const held = states();
    held.put(a as never, 3, 5);
    expect(held.take(a as never, 4)).toBeUndefined();
  });

  it('make room for the newest, the longest unused first', () => {
    const held = states();
    held.put(a as never, 0, 4);
    held.put(b as never, 0, 4);
    held.put(a as never, 1, 4);
    held.put(c as never, 0, 4);
    expect(held.take(b as never, 0)).toBeUndefined();
    expect(held.take(a as never, 1)).toBe(4);
    expect(held.take(c as never, 0)).toBe(4);
  });

  it('keep one that alone is too large, as long as no other comes', () => {
    const held = states();
    held.put(a as never, 0, 11);
    expect(held.take(a as never, 0)).toBe(11);
    held.put(a as never, 1, 11);
    held.put(b as never, 0, 1);
    expect(held.take(a as never, 1)).toBeUndefined();
    expect(held.take(b as never, 0)).toBe(1);
  });
});
