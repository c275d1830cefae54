import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { StoreUnavailable } from '@tallystick/event-store';
import { createLog } from './log.js';
import { periodically, type Periodic } from './periodic.js';

const everyMs = 1_000;
let lines: string[];
let periodic: Periodic | undefined;

const begin = (work: () => Promise<void>): Periodic => {
  const log = createLog('accrual', 'info', { write: (line: string) => void lines.push(line) });
  periodic = periodically({ name: 'sweep', everyMs, work, log });
  return periodic;
};
const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  jest.useFakeTimers();
  lines = [];
});
afterEach(async () => {
  await periodic?.stop();
  jest.useRealTimers();
});

describe('periodic work', () => {
  it('is done first after one period, then once a period', async () => {
    let turns = 0;
    begin(async () => void (turns += 1));
    await pass(everyMs - 1);
    expect(turns).toBe(0);
    await pass(1);
    expect(turns).toBe(1);
    await pass(3 * everyMs);
    expect(turns).toBe(4);
    expect(lines).toEqual([]);
  });

  it('never overlaps itself: a period begins where a turn ends', async () => {
    let begun = 0;
    begin(async () => {
      begun += 1;
      await new Promise((resolve) => setTimeout(resolve, 5 * everyMs));
    });
    await pass(6 * everyMs);
    expect(begun).toBe(1);
    await pass(everyMs);
    expect(begun).toBe(2);
    const stopping = periodic?.stop();
    await pass(5 * everyMs);
    await stopping;
  });

  it.each([
    ['what is wrong', new Error('broken'), '"level":"error"', 'the sweep failed'],
    ['what is away for now', new StoreUnavailable(new Error()), '"level":"warn"', 'sweep waits'],
  ])('logs %s, and goes on', async (_, error, level, message) => {
    let turns = 0;
    begin(async () => {
      turns += 1;
      throw error;
    });
    await pass(2 * everyMs);
    expect(turns).toBe(2);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain(level);
    expect(lines[0]).toContain(message);
  });

  it('stops when the turn under way has ended, and begins no other', async () => {
    let turns = 0;
    let ended = false;
    const { stop } = begin(async () => {
      turns += 1;
      await new Promise((resolve) => setTimeout(resolve, 500));
      ended = true;
    });
    await pass(everyMs);
    const stopped = stop().then(() => expect(ended).toBe(true));
    expect(ended).toBe(false);
    await pass(500);
    await stopped;
    await pass(10 * everyMs);
    expect(turns).toBe(1);
  });
});
