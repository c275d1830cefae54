import { describe, expect, it } from '@jest/globals';
import { bell, growingDelayMs, pause } from './pause.js';

const longMs = 60_000;

describe('a pause', () => {
  it('ends early with any of its signals, also one that was aborted before', async () => {
    const controller = new AbortController();
    const pausing = pause(longMs, new AbortController().signal, controller.signal);
    controller.abort();
    await pausing;
    await pause(longMs, controller.signal);
  });
});

describe('a bell', () => {
  it('is heard by who waits, and by who comes a little later, once', async () => {
    const door = bell();
    const waiting = door.wait(longMs);
    door.ring();
    await waiting;
    door.ring();
    door.ring();
    await door.wait(longMs);
    const began = performance.now();
    await door.wait(30);
    expect(performance.now() - began).toBeGreaterThan(20);
  });
});

describe('a growing delay', () => {
  it('doubles with each attempt up to its limit, less a fifth at most', () => {
    for (const [attempt, full] of [
      [1, 100],
      [2, 200],
      [5, 1600],
      [9, 25_600],
      [10, 30_000],
      [5000, 30_000],
    ] as const) {
      const delay = growingDelayMs(attempt, 100, 30_000);
      expect(delay).toBeLessThanOrEqual(full);
      expect(delay).toBeGreaterThanOrEqual(full * 0.8);
    }
  });
});
