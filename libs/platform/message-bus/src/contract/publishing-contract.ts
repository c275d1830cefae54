import { describe, expect, it } from '@jest/globals';
import { MessageRefused, UnknownTopic, type Message } from '../port.js';
import { allDone, effects, message, numbered, unique, until } from './bus-under-test.js';
import type { OpenBuses } from './message-bus-contract.js';

const bigValueChars = 900_000;

export const publishingContract = (open: OpenBuses): void => {
  describe('publishing', () => {
    it('creates topics once, and leaves those alone that are there', async () => {
      const [a, b] = [open().bus, open().bus];
      const [one, two] = [unique('one'), unique('two')];
      await Promise.all([
        a.ensureTopics([
          { name: one, partitions: 3 },
          { name: two, partitions: 1 },
        ]),
        b.ensureTopics([
          { name: two, partitions: 1 },
          { name: one, partitions: 3 },
        ]),
      ]);
      await b.ensureTopics([{ name: one, partitions: 7 }]);
      expect([...(await a.ends([one, two])).keys()].sort()).toEqual(
        [`${one}/0`, `${one}/1`, `${one}/2`, `${two}/0`].sort(),
      );
    });

    it.each(['', 'a b', 'ä', 'a/b', 'x'.repeat(201)])('refuses the topic name %j', async (name) => {
      await expect(open().bus.ensureTopics([{ name, partitions: 1 }])).rejects.toThrow('topic');
    });

    it('publishes an empty batch as nothing', async () => {
      const { bus } = open();
      const topic = unique('empty');
      await bus.ensureTopics([{ name: topic, partitions: 2 }]);
      await bus.publish([]);
      expect([...(await bus.ends([topic])).values()]).toEqual([0n, 0n]);
    });

    it('delivers what was sent: ids, headers, keys and values of any script and size', async () => {
      const { bus } = open();
      const topic = unique('as-sent');
      await bus.ensureTopics([{ name: topic, partitions: 4 }]);
      const sent = [
        message(topic, 'ключ', 'значение', { ce_id: '1', 'content-type': 'application/json' }),
        message(topic, '鍵🗝️', '{"a":"\\u0000"}', { 'x-note': 'naïve "quoted" \\ back' }),
        message(topic, 'מפתח', ' \n\t\r\u2028'),
        message(topic, `k'"{},\\`, `v'"{},\\`, { h: `'"{},\\` }),
        message(topic, 'NULL', 'NULL'),
        message(topic, 'nothing', ''),
        ...['a', 'b', 'c'].map((key) => ({
          ...message(topic, key, `${key}€`.repeat(bigValueChars / 4)),
          id: `big-${key}`,
        })),
      ];
      await bus.publish(sent);
      const seen = effects();
      await bus.subscribe({ topics: [topic], group: unique('g'), handler: seen.handler });
      await until('all arrived', () => seen.all.length === sent.length);
      const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);
      const asSent = seen.all.map(({ key, id, headers, value }) => ({
        topic,
        key,
        id,
        headers,
        value,
      }));
      expect(asSent.sort(byId)).toEqual([...sent].sort(byId));
    });

    it('gives a key one partition, and a partition offsets without gaps from 0', async () => {
      const [a, b] = [open().bus, open().bus];
      const topic = unique('offsets');
      await a.ensureTopics([{ name: topic, partitions: 4 }]);
      const keys = Array.from({ length: 40 }, (_, index) => `key ${index}`);
      await Promise.all(
        [a, b, a, b].map((bus, publisher) =>
          bus.publish(keys.flatMap((key) => numbered(topic, key, 5, publisher * 5))),
        ),
      );
      const seen = effects();
      await a.subscribe({ topics: [topic], group: unique('g'), handler: seen.handler });
      await until('all arrived', () => seen.all.length === 800);
      for (const key of keys)
        expect(
          new Set(seen.all.filter((one) => one.key === key).map((one) => one.partition)).size,
        ).toBe(1);
      const partitions = Map.groupBy(seen.all, (one) => one.partition);
      expect(partitions.size).toBe(4);
      for (const messages of partitions.values())
        expect(messages.map(({ offset }) => offset)).toEqual(
          messages.map((_, index) => BigInt(index)),
        );
      const ends = await a.ends([topic]);
      for (const [partition, messages] of partitions)
        expect(ends.get(`${topic}/${partition}`)).toBe(BigInt(messages.length));
    });

    it('keeps the order of each key under concurrent publishers and several members', async () => {
      const publishers = 6;
      const perKey = 120;
      const buses = Array.from({ length: 3 }, () => open().bus);
      const [first] = buses;
      if (first === undefined) throw new Error('there is a bus');
      const topic = unique('order');
      await first.ensureTopics([{ name: topic, partitions: 6 }]);
      const group = unique('g');
      const seen = effects();
      for (const bus of buses)
        await bus.subscribe({ topics: [topic], group, handler: seen.handler, batchMax: 7 });
      const publishOne = async (publisher: number): Promise<void> => {
        const bus = buses[publisher % buses.length] ?? first;
        const keys = Array.from({ length: 5 }, (_, index) => `${publisher} ${index}`);
        for (let from = 0; from < perKey; from += 4)
          await bus.publish(keys.flatMap((key) => numbered(topic, key, 4, from)));
      };
      await Promise.all(Array.from({ length: publishers }, (_, index) => publishOne(index)));
      await until('the group is through', async () => (await first.lag(group, [topic])) === 0n);
      expect(seen.keys()).toHaveLength(publishers * 5);
      const expected = Array.from({ length: perKey }, (_, index) => String(index));
      for (const key of seen.keys()) expect(seen.of(key)).toEqual(expected);
      expect(seen.repeats()).toBe(0);
    });

    it('says which topic is unknown, wherever one is named', async () => {
      const { bus } = open();
      const [topic, unknown] = [unique('known'), unique('unknown')];
      await bus.ensureTopics([{ name: topic, partitions: 1 }]);
      const calls: (() => Promise<unknown>)[] = [
        () => bus.publish([message(topic, 'k', 'v'), message(unknown, 'k', 'v')]),
        () => bus.subscribe({ topics: [topic, unknown], group: 'g', handler: allDone }),
        () => bus.lag('g', [unknown]),
        () => bus.ends([topic, unknown]),
        async () => {
          for await (const _ of bus.deadLetters(unknown)) throw new Error('there is none');
        },
      ];
      for (const call of calls) {
        const error: unknown = await call().catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(UnknownTopic);
        expect(String(error)).toContain(unknown);
      }
      expect(await bus.ends([topic])).toEqual(new Map([[`${topic}/0`, 0n]]));
    });

    it.each([
      ['an empty key', { key: '' }],
      ['an empty id', { id: '' }],
      ['a key that is no Unicode', { key: 'a\uD800' }],
      ['a value with U+0000', { value: 'a\0b' }],
      ['a header that is no Unicode', { headers: { h: '\uDC00' } }],
    ])('refuses a batch with %s whole', async (_what, wrong: Partial<Message>) => {
      const { bus } = open();
      const topic = unique('refused');
      await bus.ensureTopics([{ name: topic, partitions: 1 }]);
      const batch = [message(topic, 'k', 'v'), { ...message(topic, 'k', 'w'), ...wrong }];
      await expect(bus.publish(batch)).rejects.toThrow(MessageRefused);
      expect(await bus.ends([topic])).toEqual(new Map([[`${topic}/0`, 0n]]));
    });
  });
};
