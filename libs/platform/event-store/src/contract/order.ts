import { describe, expect, it } from '@jest/globals';
import type { EventStore, RecordedEvent } from '../port.js';
import type { Bench, ScriptProcess } from './event-store-contract.js';
import { allOf, collect, sampleEvent, sampleStream } from './events.js';

const writerProcess = new URL('./writer-process.ts', import.meta.url);
const processes = 4;
const writersEach = 16;

const startWriters = ({ place }: Bench, name: string, writers: number, appends: number) =>
  place.run(writerProcess, [name, String(writers), String(appends)]);

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

/** Reads everything again and again until told to stop; returns whether each reading began with the one before it. */
const startRereader = (store: EventStore): (() => Promise<boolean>) => {
  const stop = new AbortController();
  const reading = (async () => {
    let before: readonly bigint[] = [];
    let kept = true;
    while (!stop.signal.aborted) {
      const now = (await allOf(store)).map(({ position }) => position);
      kept &&= before.every((position, index) => now[index] === position);
      before = now;
    }
    return kept;
  })();
  return async () => {
    stop.abort();
    return await reading;
  };
};

const acknowledged = async (writers: readonly ScriptProcess[]): Promise<string[]> =>
  (await Promise.all(writers.map(({ lines }) => collect(lines)))).flat();

const expectSoundOrder = (all: readonly RecordedEvent[]): void => {
  const positions = all.map(({ position }) => position);
  expect(positions).toEqual(positions.toSorted((a, b) => (a < b ? -1 : 1)));
  expect(new Set(positions).size).toBe(positions.length);
  const revisions = new Map<string, number>();
  for (const { stream, revision } of all) {
    expect(revision).toBe((revisions.get(stream) ?? -1) + 1);
    revisions.set(stream, revision);
  }
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
};

/** That nothing ever appears at or below a position that a reader has passed. */
export const orderContract = (bench: () => Bench): void => {
  describe('the order of everything', () => {
    it('is one and the same for every reader while 64 writers in four processes win, lose and are undone', async () => {
      const { store, another } = bench();
      const stopFollower = startFollower(store);
      const stopRereader = startRereader(await another());
      const writers = Array.from({ length: processes }, (_, index) =>
        startWriters(bench(), `p${index}`, writersEach, 18),
      );
      const told = await acknowledged(writers);
      expect(await Promise.all(writers.map(({ ended }) => ended))).toEqual([0, 0, 0, 0]);
      const followed = await stopFollower();
      expect(await stopRereader()).toBe(true);
      const all = await allOf(store);
      expectSoundOrder(all);
      expect(followed).toEqual(all);
      expect(all.map(({ stream, id }) => `${stream} ${id}`).toSorted()).toEqual(told.toSorted());
      expect(all.length).toBeGreaterThanOrEqual(processes * writersEach * 12 * 2);
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
        const writer = startWriters(bench(), `k${round}`, writersEach, 0);
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
