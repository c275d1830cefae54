import { describe, expect, it } from '@jest/globals';
import { createTurns } from './turns.js';

const turn = async (): Promise<void> => {
  await new Promise((resolve) => setImmediate(resolve));
};

describe('turns', () => {
  it('does what shares a key one after another, in the order of the calls, and other things meanwhile', async () => {
    const turns = createTurns(10);
    const done: string[] = [];
    const work = (name: string, turnsTaken: number) => async (): Promise<void> => {
      for (let count = 0; count < turnsTaken; count += 1) await turn();
      done.push(name);
    };
    await Promise.all([
      turns.run(['a'], work('slow a', 5)),
      turns.run(['b', 'a'], work('a and b', 1)),
      turns.run(['b'], work('b', 0)),
      turns.run(['c'], work('c', 0)),
    ]);
    expect(done).toEqual(['c', 'slow a', 'a and b', 'b']);
  });

  it('goes on after a failure, which only its own caller hears of', async () => {
    const turns = createTurns(1);
    const failed = turns.run(['a'], () => Promise.reject(new Error('failed')));
    const next = turns.run(['a'], () => Promise.resolve('next'));
    await expect(failed).rejects.toThrow('failed');
    await expect(next).resolves.toBe('next');
  });

  it('does no more at a time than it may', async () => {
    const turns = createTurns(3);
    let working = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      working += 1;
      most = Math.max(most, working);
      await turn();
      working -= 1;
    };
    await Promise.all(Array.from({ length: 20 }, () => turns.run([], work)));
    await turns.idle();
    expect(most).toBe(3);
  });
});
