import { describe, expect, it } from '@jest/globals';
import { instant, programId } from '@tallystick/kernel';
import { sampleStream } from '../contract/events.js';
import { StoreUnavailable, type RecordedEvent } from '../port.js';
import { inPages, readAgain, type Page } from './pages.js';

/** connection_failure (PostgreSQL 18, appendix A). */
const away = (): Error => Object.assign(new Error('away'), { code: '08006' });
const at = instant('2026-05-04T09:00:00Z');
const event = (position: number): RecordedEvent => ({
  ...{ position: BigInt(position), stream: sampleStream('s'), revision: position - 1 },
  ...{ id: String(position), type: 'Sampled', schemaVersion: 1, data: '{}' },
  metadata: {
    ...{ program: programId('p'), occurredAt: at, recordedAt: at },
    ...{ actor: 'a', correlationId: 'c' },
  },
});

describe('a read that may be done again', () => {
  it('is, while the database is away, a little later each time', async () => {
    const asked: number[] = [];
    const answer = await readAgain(60_000, () => {
      asked.push(performance.now());
      return asked.length < 4 ? Promise.reject(away()) : Promise.resolve('here');
    });
    expect(answer).toBe('here');
    const pauses = asked.slice(1).map((time, nth) => time - (asked[nth] ?? 0));
    expect(pauses.map((ms, nth) => ms > 45 * 2 ** nth && ms < 900)).toEqual([true, true, true]);
  });

  it('is given up when the time is over, as unavailable', async () => {
    const began = performance.now();
    const failing = readAgain(120, () => Promise.reject(away()));
    await expect(failing).rejects.toBeInstanceOf(StoreUnavailable);
    expect(performance.now() - began).toBeGreaterThan(115);
  });

  it('is not, where the fault is another', async () => {
    let asked = 0;
    const failing = readAgain(60_000, () => {
      asked += 1;
      return Promise.reject(new Error('a bug'));
    });
    await expect(failing).rejects.toThrow('a bug');
    expect(asked).toBe(1);
  });
});

describe('pages', () => {
  const read = async (first: Page, next: (after: bigint) => Promise<Page>) => {
    const positions: number[] = [];
    const events = inPages(
      () => Promise.resolve(first),
      next,
      ({ position }) => position,
    );
    for await (const { position } of events) positions.push(Number(position));
    return positions;
  };

  it('are fetched up to the last one, each from behind the one before', async () => {
    const asked: bigint[] = [];
    const positions = await read({ events: [event(1), event(2)], last: false }, (after) => {
      asked.push(after);
      return Promise.resolve({ events: [event(Number(after) + 1)], last: after === 3n });
    });
    expect(positions).toEqual([1, 2, 3, 4]);
    expect(asked).toEqual([2n, 3n]);
  });

  it('end where one is empty, or the last', async () => {
    const none = (): Promise<Page> => Promise.reject(new Error('nobody needs this'));
    expect(await read({ events: [], last: false }, none)).toEqual([]);
    expect(await read({ events: [event(1)], last: true }, none)).toEqual([1]);
  });
});
