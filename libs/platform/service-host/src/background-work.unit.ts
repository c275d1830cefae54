import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { StoreUnavailable } from '@tallystick/event-store';
import { BackgroundWork } from './background-work.js';
import { createLog } from './log.js';

const everyMs = 1_000;
let lines: string[];

interface Piece {
  readonly fact: string;
}

/** A sweeper of pieces of which some fail. */
class Sweeper extends BackgroundWork {
  readonly done: string[] = [];
  turns = 0;

  constructor(
    private readonly pieces: readonly Piece[],
    private readonly failures: ReadonlyMap<string, Error>,
    every = everyMs,
  ) {
    const log = createLog('accrual', 'info', { write: (line: string) => void lines.push(line) });
    super({ name: 'sweep of pieces', everyMs: every }, log);
  }

  protected async turn(): Promise<void> {
    this.turns += 1;
    await this.eachByItself(
      this.pieces,
      async ({ fact }) => {
        await new Promise((resolve) => setTimeout(resolve, 100));
        const failure = this.failures.get(fact);
        if (failure !== undefined) throw failure;
        this.done.push(fact);
      },
      'a piece cannot be finished',
    );
  }
}

const pieces = ['a', 'b', 'c'].map((fact) => ({ fact }));
const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  jest.useFakeTimers();
  lines = [];
});
afterEach(() => {
  jest.useRealTimers();
});

describe('work in the background', () => {
  it('begins with the service, turn by turn, and a stop waits for the piece under way and leaves the others', async () => {
    const sweeper = new Sweeper(pieces, new Map());
    await pass(3 * everyMs);
    expect(sweeper.turns).toBe(0);
    sweeper.onApplicationBootstrap();
    await pass(everyMs + 300);
    expect(sweeper.done).toEqual(['a', 'b', 'c']);
    await pass(everyMs + 50);
    const stopped = sweeper.onApplicationShutdown();
    await pass(50);
    await stopped;
    await pass(5 * everyMs);
    expect(sweeper.done).toEqual(['a', 'b', 'c', 'a']);
    expect(sweeper.turns).toBe(2);
    expect(lines).toEqual([]);
  });

  it('says loudly which piece failed, and goes on with the others', async () => {
    const sweeper = new Sweeper(pieces, new Map([['b', new Error('broken')]]));
    sweeper.onApplicationBootstrap();
    await pass(everyMs + 300);
    expect(sweeper.done).toEqual(['a', 'c']);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('"level":"error"');
    expect(lines[0]).toContain('"fact":"b"');
    expect(lines[0]).toContain('a piece cannot be finished');
    await sweeper.onApplicationShutdown();
  });

  it('tries no further piece while the store is away, and the next turn comes', async () => {
    const sweeper = new Sweeper(pieces, new Map([['a', new StoreUnavailable(new Error())]]));
    sweeper.onApplicationBootstrap();
    await pass(2 * everyMs + 200);
    expect(sweeper.done).toEqual([]);
    expect(sweeper.turns).toBe(2);
    expect(lines[0]).toContain('the sweep of pieces waits: the store is away');
    await sweeper.onApplicationShutdown();
  });

  it('that is to be done never is never done', async () => {
    const sweeper = new Sweeper(pieces, new Map(), 0);
    sweeper.onApplicationBootstrap();
    await pass(5 * everyMs);
    expect(sweeper.turns).toBe(0);
    await sweeper.onApplicationShutdown();
  });
});
