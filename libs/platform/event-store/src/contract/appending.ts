import { describe, expect, it } from '@jest/globals';
import { appendLimits } from '../limits.js';
import { AppendRefused, type EventStore, type NewEvent } from '../port.js';
import type { Bench } from './event-store-contract.js';
import { allOf, collect, idsOf, sampleEvent, sampleEvents, sampleStream } from './events.js';

const oneOf = (stores: readonly EventStore[], index: number): EventStore => {
  const store = stores[index % stores.length];
  if (store === undefined) throw new Error('there is no store');
  return store;
};

/** Conflicts, repeats, several streams, limits. */
export const appendingContract = (bench: () => Bench): void => {
  const stream = sampleStream('a');
  const other = sampleStream('b');

  describe('appending', () => {
    it('begins a stream at revision 0 and goes on without gaps', async () => {
      const { store } = bench();
      await store.append([{ stream, expected: 'noStream', events: sampleEvents('x', 3) }]);
      await store.append([{ stream, expected: 2, events: sampleEvents('y', 2) }]);
      const events = await collect(store.readStream(stream));
      expect(events.map(({ revision }) => revision)).toEqual([0, 1, 2, 3, 4]);
      expect(idsOf(events)).toEqual(idsOf([...sampleEvents('x', 3), ...sampleEvents('y', 2)]));
    });

    it('answers with the position of the last event', async () => {
      const { store } = bench();
      const events = sampleEvents('x', 3);
      const result = await store.append([{ stream, expected: 'noStream', events }]);
      expect(result).toEqual({ kind: 'appended', position: await store.head() });
      expect((await allOf(store)).at(-1)?.position).toBe(await store.head());
    });

    it.each([
      ['the stream is there, and none was expected', 2, 'noStream', 1],
      ['the stream is longer than expected', 3, 1, 2],
      ['the stream is shorter than expected', 1, 3, 0],
      ['there is no stream, and one was expected', 0, 0, 'noStream'],
    ] as const)('conflicts as a value when %s', async (_, length, expected, actual) => {
      const { store } = bench();
      if (length > 0) {
        await store.append([
          { stream, expected: 'noStream', events: sampleEvents('there', length) },
        ]);
      }
      const before = await store.head();
      const result = await store.append([{ stream, expected, events: [sampleEvent('new')] }]);
      expect(result).toEqual({ kind: 'conflict', stream, actual });
      expect(await store.head()).toBe(before);
    });

    it('lets exactly one of many begin a stream', async () => {
      const clients = [bench().store, await bench().another(), await bench().another()];
      const results = await Promise.all(
        Array.from({ length: 60 }, (_, index) =>
          oneOf(clients, index).append([
            { stream, expected: 'noStream', events: [sampleEvent(`racer ${index}`)] },
          ]),
        ),
      );
      expect(results.filter((result) => result.kind === 'appended')).toHaveLength(1);
      expect(results.filter((result) => result.kind === 'conflict')).toHaveLength(59);
      expect(await allOf(bench().store)).toHaveLength(1);
    });

    it('takes appends that follow one another without waiting for the answers, each in its place', async () => {
      const { store } = bench();
      const events = sampleEvents('chain', 50);
      const results = await Promise.all(
        events.map((event, index) =>
          store.append([
            { stream, expected: index === 0 ? 'noStream' : index - 1, events: [event] },
          ]),
        ),
      );
      expect(results.every(({ kind }) => kind === 'appended')).toBe(true);
      expect(idsOf(await collect(store.readStream(stream)))).toEqual(idsOf(events));
    });

    it('refuses what is beyond its limits or malformed, and says what', async () => {
      const { store } = bench();
      const events = [sampleEvent('x')];
      const text = 'x'.repeat(appendLimits.eventBytesMax);
      const tooLarge = sampleEvent('large', { text });
      const refused = [
        [],
        [{ stream, expected: 'noStream' as const, events: [] }],
        [{ stream, expected: 'noStream' as const, events: [tooLarge] }],
        [{ stream, expected: -1, events }],
        [{ stream, expected: 0.5, events }],
        [
          { stream, expected: 'noStream' as const, events },
          { stream, expected: 0, events: [sampleEvent('y')] },
        ],
        [{ stream: sampleStream('x'.repeat(2_000)), expected: 'noStream' as const, events }],
        [
          {
            stream,
            expected: 'noStream' as const,
            events: sampleEvents('many', appendLimits.eventsMax + 1),
          },
        ],
        [{ stream, expected: 'noStream' as const, events: [...events, ...events] }],
      ];
      for (const writes of refused) {
        await expect(store.append(writes)).rejects.toThrow(AppendRefused);
      }
      expect(await store.head()).toBe(0n);
    });
  });

  describe('appending the same again', () => {
    const events = sampleEvents('fact', 3);
    const write = { stream, expected: 'noStream', events } as const;

    it('is unchanged, and changes nothing', async () => {
      const { store } = bench();
      const first = await store.append([write]);
      await store.append([{ stream, expected: 2, events: sampleEvents('later', 2) }]);
      const before = await allOf(store);
      const again = await store.append([write]);
      expect(first.kind).toBe('appended');
      expect(again).toEqual({ ...first, kind: 'unchanged' });
      expect(await allOf(store)).toEqual(before);
    });

    it('is unchanged whatever the metadata say: they are no part of what an event is', async () => {
      const { store } = bench();
      await store.append([write]);
      const later = events.map((event) => ({
        ...event,
        metadata: { ...event.metadata, actor: 'service:later' },
      }));
      const again = await store.append([{ ...write, events: later }]);
      expect(again.kind).toBe('unchanged');
      const [kept] = await collect(store.readStream(stream));
      expect(kept?.metadata).toEqual(events[0]?.metadata);
    });

    it('is written once when both come at the same moment', async () => {
      const clients = [bench().store, await bench().another()];
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) => oneOf(clients, index).append([write])),
      );
      expect(results.filter((result) => result.kind === 'appended')).toHaveLength(1);
      expect(results.filter((result) => result.kind === 'unchanged')).toHaveLength(19);
      expect(await allOf(bench().store)).toHaveLength(3);
    });

    it.each<[string, readonly NewEvent[]]>([
      ['one event differs', [...events.slice(0, 2), sampleEvent('other')]],
      ['an event has the same id and other data', [{ ...sampleEvent('fact/0'), data: '{}' }]],
      ['only a part of them is there', [...events, sampleEvent('more')]],
      ['they are in another order', events.toReversed()],
    ])('conflicts when %s', async (_, changed) => {
      const { store } = bench();
      await store.append([write]);
      const result = await store.append([{ ...write, events: changed }]);
      expect(result).toEqual({ kind: 'conflict', stream, actual: 2 });
      expect(await allOf(store)).toHaveLength(3);
    });

    it('conflicts at another expected revision', async () => {
      const { store } = bench();
      await store.append([write]);
      const result = await store.append([{ ...write, expected: 7 }]);
      expect(result).toEqual({ kind: 'conflict', stream, actual: 2 });
    });
  });

  describe('appending to several streams', () => {
    const writes = [
      { stream, expected: 'noStream', events: sampleEvents('first', 2) },
      { stream: other, expected: 'noStream', events: sampleEvents('second', 2) },
    ] as const;

    it('writes all of them', async () => {
      const { store } = bench();
      expect((await store.append(writes)).kind).toBe('appended');
      const streams = await store.readStreams([stream, other]);
      expect(idsOf(streams.get(stream) ?? [])).toEqual(idsOf(writes[0].events));
      expect(idsOf(streams.get(other) ?? [])).toEqual(idsOf(writes[1].events));
    });

    it('is unchanged when all of them are there', async () => {
      const { store } = bench();
      const first = await store.append(writes);
      expect(await store.append(writes)).toEqual({ ...first, kind: 'unchanged' });
      expect(await allOf(store)).toHaveLength(4);
    });

    it('heals what an earlier attempt has written in part: the rest is written', async () => {
      const { store } = bench();
      await store.append([writes[0]]);
      const result = await store.append(writes);
      expect(result).toEqual({ kind: 'appended', position: await store.head() });
      expect(idsOf(await allOf(store))).toEqual(idsOf([...writes[0].events, ...writes[1].events]));
    });

    it('gives the events of a stream positions that follow each other, where it says so', async () => {
      const { store } = bench();
      const events = ['a', 'b', 'c'].map((name) => sampleEvent(name));
      const result = await store.append([{ stream, expected: 'noStream', events }]);
      if (result.kind === 'conflict' || store.capabilities.positionsFollowEachOther !== true)
        return;
      const there = (await collect(store.readStream(stream))).map(({ position }) => position);
      expect(there).toEqual([result.position - 2n, result.position - 1n, result.position]);
    });

    it('conflicts on the stream that does not fit, and writes none of it', async () => {
      const { store } = bench();
      await store.append([{ stream: other, expected: 'noStream', events: [sampleEvent('z')] }]);
      const result = await store.append(writes);
      expect(result).toEqual({ kind: 'conflict', stream: other, actual: 0 });
      expect(idsOf(await collect(store.readStream(other)))).toEqual(idsOf([sampleEvent('z')]));
      const whole = store.capabilities.atomicAcrossStreams ? [] : idsOf(writes[0].events);
      expect(idsOf(await collect(store.readStream(stream)))).toEqual(whole);
    });

    it('conflicts on the first that does not fit, in the order given', async () => {
      const { store } = bench();
      await store.append([{ stream: other, expected: 'noStream', events: [sampleEvent('z')] }]);
      await store.append([{ stream, expected: 'noStream', events: [sampleEvent('y')] }]);
      expect(await store.append(writes)).toEqual({ kind: 'conflict', stream, actual: 0 });
    });

    it('lets a conflict of one call pass by the calls beside it', async () => {
      const { store } = bench();
      await store.append([{ stream, expected: 'noStream', events: [sampleEvent('there')] }]);
      const results = await Promise.all(
        Array.from({ length: 30 }, (_, index) =>
          store.append([
            index % 3 === 0
              ? { stream, expected: 'noStream', events: [sampleEvent(`late ${index}`)] }
              : {
                  stream: sampleStream(`free ${index}`),
                  expected: 'noStream',
                  events: sampleEvents(`free ${index}`, 2),
                },
          ]),
        ),
      );
      expect(results.map(({ kind }) => kind)).toEqual(
        results.map((_, index) => (index % 3 === 0 ? 'conflict' : 'appended')),
      );
      expect(await allOf(store)).toHaveLength(1 + 20 * 2);
    });
  });
};
