import { describe, expect, it } from '@jest/globals';
import { StoreUnavailable } from '@tallystick/event-store';
import { createPositionWait, type PositionSource } from './position-wait.js';

const world = () => {
  const state = { relayed: 0n, handled: 0n, asked: 0, broken: undefined as Error | undefined };
  const source: PositionSource = {
    hasConsumers: () => true,
    relayed: async () => {
      state.asked += 1;
      if (state.broken !== undefined) throw state.broken;
      return state.relayed;
    },
    mark: async () => {
      const end = state.relayed;
      return async () => state.handled >= end;
    },
  };
  return { state, source };
};
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('waiting for a position', () => {
  it('ends when the relay has published it and the consumers have handled it', async () => {
    const { state, source } = world();
    const wait = createPositionWait(source);
    let done = false;
    const reached = wait.reached('5').then(() => (done = true));
    await pause(60);
    state.relayed = 5n;
    await pause(60);
    expect(done).toBe(false);
    state.handled = 5n;
    await reached;
  });

  it('asks nothing again for what was reached before', async () => {
    const { state, source } = world();
    const wait = createPositionWait(source);
    state.relayed = state.handled = 9n;
    await wait.reached('9');
    const { asked } = state;
    await Promise.all([wait.reached('9'), wait.reached('3')]);
    expect(state.asked).toBe(asked);
  });

  it('is one question for many who wait', async () => {
    const { state, source } = world();
    const wait = createPositionWait(source);
    const all = Promise.all(Array.from({ length: 100 }, () => wait.reached('1')));
    await pause(100);
    state.relayed = state.handled = 1n;
    await all;
    expect(state.asked).toBeLessThan(20);
  });

  it('is given up after a while, with problem 503', async () => {
    const { source } = world();
    const wait = createPositionWait(source, 100);
    await expect(wait.reached('1')).rejects.toMatchObject({
      problem: { status: 503, type: 'urn:tallystick:problem:not-caught-up' },
      retryAfterSeconds: 1,
    });
  });

  it('outlives a database that is away for a moment, and tells of a bug', async () => {
    const { state, source } = world();
    const wait = createPositionWait(source);
    state.broken = new StoreUnavailable(new Error('gone'));
    const reached = wait.reached('1');
    await pause(60);
    state.broken = undefined;
    state.relayed = state.handled = 1n;
    await reached;
    state.broken = new TypeError('a bug');
    await expect(wait.reached('2')).rejects.toThrow('a bug');
  });

  it.each([['-1'], ['x'], [''], ['1'.repeat(20)], [['1', '2']]])('refuses %j', async (given) => {
    const { source } = world();
    await expect(createPositionWait(source).reached(given)).rejects.toMatchObject({
      problem: { status: 400 },
    });
  });

  it('is over at once in a service without consumers', async () => {
    const { source } = world();
    await createPositionWait({ ...source, hasConsumers: () => false }).reached('7');
  });
});
