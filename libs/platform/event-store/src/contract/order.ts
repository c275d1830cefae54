import { describe, expect, it } from '@jest/globals';
import type { EventStore, RecordedEvent } from '../port.js';
import type { Bench, ScriptProcess } from './event-store-contract.js';
import { allOf, collect, sampleEvent, sampleStream } from './events.js';

const writerProcess = new URL('./writer-process.ts', import.meta.url);
const writersEach = 16;

const startWriters = (
  { place }: Bench,
  name: string,
  { writers, appends, size }: { writers: number; appends: number; size: number },
): ScriptProcess => place.run(writerProcess, [name, ...[writers, appends, size].map(String)]);

/** Follows until told to stop, then up to the head; keeps what it saw in the order in which it saw it. */
const startFollower = (store: EventStore): (() => Promise<readonly RecordedEvent[]>) => {
  const stop = new AbortController();
  const seen: RecordedEvent[] = [];
  let upTo: bigint | undefined;
  const following = (async () => {
    for await (const batch of store.follow({ batchMax: 7, signal: stop.signal })) {
      seen.push(...batch);
      if (upTo !== undefined && (seen.at(-1)?.position ?? 0n) >= upTo) return;
    }
  })();
  return async () => {
    upTo = await store.head();
    if ((seen.at(-1)?.position ?? 0n) >= upTo) stop.abort();
    await following;
    return seen;
  };
};

/** Reads what is after the last position that it has seen, over and over without a pause, until told to stop. */
const startTailing = (store: EventStore): (() => Promise<readonly RecordedEvent[]>) => {
  const stop = new AbortController();
  const seen: RecordedEvent[] = [];
  const tailing = (async () => {
    for (let last = false; !last;) {
      last = stop.signal.aborted;
      seen.push(...(await collect(store.readAll({ after: seen.at(-1)?.position ?? 0n }))));
    }
  })();
  return async () => {
    stop.abort();
    await tailing;
    return seen;
  };
};

const acknowledged = async (writers: readonly ScriptProcess[]): Promise<string[]> =>
  (await Promise.all(writers.map(({ lines }) => collect(lines)))).flat();

const expectSoundOrder = (all: readonly RecordedEvent[]): void => {
  const revisions = new Map<string, number>();
  let last = -1n;
  const outOfPlace = all.filter(({ stream, revision, position }) => {
    const inPlace = position > last && revision === (revisions.get(stream) ?? -1) + 1;
    last = position;
    revisions.set(stream, revision);
    return !inPlace;
  });
  expect(outOfPlace).toEqual([]);
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
};

/** Long lists, compared by what tells where they part. */
const expectSame = (seen: readonly RecordedEvent[], all: readonly RecordedEvent[]): void => {
  const lines = (events: readonly RecordedEvent[]): string[] =>
    events.map(({ position, id }) => `${position} ${id}`);
  const [is, should] = [lines(seen), lines(all)];
  const parts = should.findIndex((line, index) => line !== is[index]);
  expect({ parts, length: is.length }).toEqual({ parts: -1, length: should.length });
};

/** That nothing ever appears at or below a position that a reader has passed. */
export const orderContract = (bench: () => Bench): void => {
  describe('the order of everything', () => {
    it('is one and the same for every reader while 64 writers in four processes win, lose and are undone', async () => {
      const { store, another } = bench();
      const stopFollower = startFollower(store);
      const stopTailing = startTailing(await another());
      // Large appends take long from their first position to their commit, and small ones overtake them if they can.
      const sizes = [100, 1, 2, 20];
      const writers = sizes.map((size, index) =>
        startWriters(bench(), `p${index}`, { writers: writersEach, appends: 12, size }),
      );
      const told = await acknowledged(writers);
      expect(await Promise.all(writers.map(({ ended }) => ended))).toEqual([0, 0, 0, 0]);
      const followed = await stopFollower();
      const tailed = await stopTailing();
      const all = await allOf(store);
      expectSoundOrder(all);
      expectSame(followed, all);
      expectSame(tailed, all);
      expect(all.map(({ stream, id }) => `${stream} ${id}`).toSorted()).toEqual(told.toSorted());
      const ownAppendsEach = 8;
      const events = sizes.reduce((sum, size) => sum + size, 0);
      expect(all.length).toBeGreaterThanOrEqual(writersEach * ownAppendsEach * events);
    });

    it('is not held up nor broken by a transaction that stays open beside it', async () => {
      const { place, store, another } = bench();
      const stopFollower = startFollower(store);
      const append = async (name: string): Promise<void> => {
        await (
          await another()
        ).append([
          { stream: sampleStream(name), expected: 'noStream', events: [sampleEvent(name)] },
        ]);
      };
      await append('before');
      const end = await place.beginForeignTransaction?.();
      await Promise.all(['during 1', 'during 2', 'during 3'].map(append));
      // Seen while it is still open.
      const followed = await stopFollower();
      expect(followed).toHaveLength(4);
      await end?.();
      await append('after');
      const all = await allOf(store);
      expect(all.slice(0, 4)).toEqual(followed);
      expect(all).toHaveLength(5);
    });

    it('holds every acknowledged event when writers are killed in the middle', async () => {
      const { store } = bench();
      const stopFollower = startFollower(store);
      const told: string[] = [];
      for (let round = 0; round < 4; round += 1) {
        const writer = startWriters(bench(), `k${round}`, {
          writers: writersEach,
          appends: 0,
          size: 2,
        });
        let lines = 0;
        for await (const line of writer.lines) {
          told.push(line);
          lines += 1;
          if (lines === 50 + round * 97) await writer.kill();
        }
        expect(await writer.ended).toBe('SIGKILL');
      }
      await store.append([
        { stream: sampleStream('last'), expected: 'noStream', events: [sampleEvent('last')] },
      ]);
      const followed = await stopFollower();
      const all = await allOf(store);
      expectSoundOrder(all);
      expect(followed).toEqual(all);
      const there = new Set(all.map(({ stream, id }) => `${stream} ${id}`));
      expect(told.filter((line) => !there.has(line))).toEqual([]);
      expect(told.length).toBeGreaterThan(300);
    });
  });
};
