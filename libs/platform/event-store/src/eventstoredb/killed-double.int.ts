import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startDoubleProcess, type DoubleProcess } from '@tallystick/testing/eventstoredb';
import { allOf, idsOf, sampleEvents, sampleStream } from '../contract/events.js';
import { digestStreams } from '../digest.js';
import type { EventStore, RecordedEvent } from '../port.js';
import { createEventStoreDbEventStore } from './store.js';

const writers = [0, 1, 2, 3, 4, 5, 6, 7];
const appendsEach = 45;

/** Follows until so many events have come. */
const followed = async (store: EventStore, count: number): Promise<RecordedEvent[]> => {
  const seen: RecordedEvent[] = [];
  const { signal } = new AbortController();
  for await (const batch of store.follow({ batchMax: 50, signal })) {
    seen.push(...batch);
    if (seen.length >= count) break;
  }
  return seen;
};

describe('the event store on a double of EventStoreDB that is killed', () => {
  let folder: string;
  let double: DoubleProcess;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tallystick-double-'));
    double = await startDoubleProcess({ folder });
  });
  afterEach(async () => {
    await double.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('has every acknowledged event, writers and followers go on by themselves, and ends as if nothing had been', async () => {
    const store = createEventStoreDbEventStore({ url: double.url, retryMs: 60_000 });
    const following = followed(store, writers.length * appendsEach * 2);
    const told: string[] = [];
    const append = async (to: EventStore, writer: number, count: number): Promise<void> => {
      const events = sampleEvents(`${writer} ${count}`, 2);
      const expected = count === 0 ? 'noStream' : count * 2 - 1;
      const result = await to.append([{ stream: sampleStream(`w${writer}`), expected, events }]);
      expect(result.kind).toBe('appended');
      if (to === store) told.push(...idsOf(events));
    };
    const write = async (writer: number): Promise<void> => {
      for (let count = 0; count < appendsEach; count += 1) {
        await append(store, writer, count);
        if (writer === 0 && count % 15 === 7) {
          const { port } = double;
          await double.kill();
          double = await startDoubleProcess({ folder, port });
        }
      }
    };
    await Promise.all(writers.map(write));
    const all = await allOf(store);
    expect(idsOf(all).toSorted()).toEqual(told.toSorted());
    expect(await following).toEqual(all);

    // The same, never cut off.
    const smoothDouble = await startDoubleProcess();
    const smooth = createEventStoreDbEventStore({ url: smoothDouble.url });
    for (const writer of writers.toReversed()) {
      for (let count = 0; count < appendsEach; count += 1) await append(smooth, writer, count);
    }
    expect(await digestStreams(store)).toEqual(await digestStreams(smooth));
    await Promise.all([store.close(), smooth.close()]);
    await smoothDouble.stop();
  }, 120_000);
});
