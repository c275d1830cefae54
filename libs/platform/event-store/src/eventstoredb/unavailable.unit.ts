import { describe, expect, it } from '@jest/globals';
import { NotLeaderError } from '@eventstore/db-client';
import { StoreUnavailable } from '../port.js';
import { Backoff, NoAnswer, isPassing, untilDone } from './unavailable.js';

const failing = (code: unknown): Error => Object.assign(new Error('of the server'), { code });

/** Milliseconds that each of so many pauses takes. */
const measured = async (backoff: Backoff, pauses: number, signal?: AbortSignal) => {
  const took: number[] = [];
  for (let count = 0; count < pauses; count += 1) {
    const began = performance.now();
    await backoff.pause(signal);
    took.push(performance.now() - began);
  }
  return took;
};

describe('what passes by itself', () => {
  it.each([1, 2, 4, 8, 10, 13, 14])('is the gRPC status %s', (code) => {
    expect(isPassing(failing(code))).toBe(true);
  });

  it.each([0, 3, 5, 6, 7, 9, 11, 12, 15, 16, '14', undefined])('is not the status %s', (code) => {
    expect(isPassing(failing(code))).toBe(false);
  });

  it('is silence, another leader, and a cluster of which no node answers', () => {
    expect(isPassing(new NoAnswer(400))).toBe(true);
    expect(String(new NoAnswer(400))).toBe('NoAnswer: no answer within 400 ms');
    expect(isPassing(Object.create(NotLeaderError.prototype))).toBe(true);
    expect(isPassing(new Error('Failed to discover after 10 attempts.'))).toBe(true);
    expect(isPassing(new Error('It Failed to discover after all'))).toBe(false);
  });

  it('is nothing that is no error', () => {
    expect([undefined, null, 'Failed to discover after', { code: 14 }].map(isPassing)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('pauses', () => {
  it('grow while nothing succeeds, up to half a second, and are short again when it does', async () => {
    const backoff = new Backoff();
    const took = await measured(backoff, 7);
    // 20, 40, 80 … 500, 500 ms, each between a half and the whole of it: a busy machine only makes them longer.
    for (const [count, least] of [9, 19, 39, 79, 159, 249, 249].entries())
      expect(took[count]).toBeGreaterThanOrEqual(least);
    expect(Math.max(...took)).toBeLessThan(5_000);
    backoff.reset();
    const [again = 0] = await measured(backoff, 1);
    expect(again).toBeLessThan(249);
  });

  it('end at once when the signal aborts, without an error', async () => {
    const backoff = new Backoff();
    const aborted = AbortSignal.abort();
    for (const ms of await measured(backoff, 6, aborted)) expect(ms).toBeLessThan(249);
    const stop = new AbortController();
    const pausing = measured(backoff, 1, stop.signal);
    stop.abort();
    expect((await pausing)[0]).toBeLessThan(249);
  });
});

describe('until it is done', () => {
  it('tries what passes again, and answers what it came to', async () => {
    let calls = 0;
    const answer = await untilDone(60_000, () => {
      calls += 1;
      return calls < 3 ? Promise.reject(failing(14)) : Promise.resolve('done');
    });
    expect([answer, calls]).toEqual(['done', 3]);
  });

  it('does not try again what does not pass', async () => {
    let calls = 0;
    const refused = untilDone(60_000, () => {
      calls += 1;
      return Promise.reject(failing(7));
    });
    await expect(refused).rejects.toThrow('of the server');
    expect(calls).toBe(1);
  });

  it('gives up when its time is over, with the reason', async () => {
    let calls = 0;
    const away = untilDone(0, () => {
      calls += 1;
      return Promise.reject(failing(14));
    });
    await expect(away).rejects.toThrow(StoreUnavailable);
    await expect(away).rejects.toMatchObject({ cause: { message: 'of the server' } });
    expect(calls).toBe(1);
  });
});
