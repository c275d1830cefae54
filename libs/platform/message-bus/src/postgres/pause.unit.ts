import { describe, expect, it } from '@jest/globals';
import { bell, pause } from './pause.js';

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
