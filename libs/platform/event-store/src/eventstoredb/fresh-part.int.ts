import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startEventStoreDbDouble, type EventStoreDbDouble } from '@tallystick/testing/eventstoredb';
import { allOf, collect, idsOf, sampleEvents, sampleStream } from '../contract/events.js';
import type { EventStore, RecordedEvent } from '../port.js';
import { freshPart } from './fresh-part.js';
import { createEventStoreDbEventStore } from './store.js';

const begin = (name: string, count = 1) =>
  ({
    stream: sampleStream(name),
    expected: 'noStream',
    events: sampleEvents(name, count),
  }) as const;

const placesOf = (events: readonly RecordedEvent[]): string[] =>
  events.map(({ stream, revision }) => `${stream}@${revision}`);

describe('a fresh part of a store that others use', () => {
  let double: EventStoreDbDouble;
  let store: EventStore;
  let part: EventStore;
  let other: EventStore;

  beforeEach(async () => {
    double = await startEventStoreDbDouble();
    store = createEventStoreDbEventStore({ url: double.url });
    await store.append([begin('before', 3)]);
    const head = await store.head();
    part = freshPart(store, { name: 'one', begin: head });
    other = freshPart(store, { name: 'two', begin: head });
  });
  afterEach(async () => {
    await part.close();
    await double.close();
    await expect(store.head()).rejects.toThrow('closed');
  });

  it('is empty at first, whatever the store holds', async () => {
    expect(await allOf(part)).toEqual([]);
    expect(await part.head()).toBe(0n);
    expect(await collect(part.readStream(sampleStream('before')))).toEqual([]);
    expect(part.capabilities).toEqual(store.capabilities);
  });

  it('holds what was written through it, by the names that it was written with, and nothing of another part', async () => {
    const result = await part.append([begin('a', 2), begin('b')]);
    expect(result).toEqual({ kind: 'appended', position: await store.head() });
    const stranger = { ...begin('c'), events: sampleEvents('theirs', 1) };
    await other.append([stranger]);
    const [a, b] = [sampleStream('a'), sampleStream('b')];
    expect(placesOf(await allOf(part))).toEqual([`${a}@0`, `${a}@1`, `${b}@0`]);
    expect(placesOf(await allOf(other))).toEqual([`${sampleStream('c')}@0`]);
    expect(placesOf(await collect(part.readStream(a, { from: 1 })))).toEqual([`${a}@1`]);
    const streams = await part.readStreams([a, b, sampleStream('c')], { from: new Map([[a, 1]]) });
    expect([...streams].map(([stream, events]) => [stream, placesOf(events)])).toEqual([
      [a, [`${a}@1`]],
      [b, [`${b}@0`]],
    ]);
    expect([...(await part.readStreams([a])).values()].flat()).toHaveLength(2);
    expect(await part.head()).toBe(await store.head());
  });

  it('names its own stream in a conflict', async () => {
    const stream = sampleStream('conflict');
    await part.append([begin('conflict')]);
    const again = { ...begin('conflict'), events: sampleEvents('others', 1) };
    expect(await part.append([again])).toEqual({ kind: 'conflict', stream, actual: 0 });
  });

  it('reads on behind a position, and from its own beginning when that is later', async () => {
    await part.append([begin('a', 3)]);
    const all = await allOf(part);
    const second = all[1]?.position ?? 0n;
    expect(idsOf(all)).toEqual(idsOf(begin('a', 3).events));
    expect(idsOf(await collect(part.readAll({ after: second })))).toEqual(idsOf(all.slice(2)));
    expect(idsOf(await collect(part.readAll({ after: 1n })))).toEqual(idsOf(all));
  });

  it('is followed without what others write', async () => {
    await part.append([begin('a', 3)]);
    const before = idsOf(await allOf(part));
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const batch of part.follow({ batchMax: 2, signal: stop.signal })) {
      expect(batch.length).toBeGreaterThan(0);
      seen.push(...idsOf(batch));
      if (seen.length === before.length) {
        await other.append([{ ...begin('more'), events: sampleEvents('more of theirs', 5) }]);
        await part.append([begin('last')]);
      }
      if (seen.length > before.length) stop.abort();
    }
    expect(seen).toEqual([...before, ...idsOf(begin('last').events)]);
  });
});
