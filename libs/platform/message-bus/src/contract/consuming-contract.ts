import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import type { Message, MessageBus, Verdict } from '../port.js';
import {
  allDone,
  assumed,
  effects,
  gate,
  message,
  numbered,
  unique,
  until,
  valuesUpTo,
} from './bus-under-test.js';
import { lettersOf } from './dead-letters-contract.js';
import type { OpenBuses } from './message-bus-contract.js';

/** Heap and buffers in use, in bytes, after everything that nobody holds is gone. */
const memoryInUse = (): number => {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc()');
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

export const consumingContract = (open: OpenBuses): void => {
  const topicWith = async (bus: MessageBus, partitions: number): Promise<string> => {
    const topic = unique('t');
    await bus.ensureTopics([{ name: topic, partitions }]);
    return topic;
  };

  describe('consuming', () => {
    it('begins at the beginning, goes on with what comes, and takes no more than asked at once', async () => {
      const { bus } = open();
      const topic = await topicWith(bus, 1);
      await bus.publish(numbered(topic, 'k', 25));
      const sizes: number[] = [];
      const seen = effects();
      await bus.subscribe({
        topics: [topic],
        group: unique('g'),
        batchMax: 10,
        handler: (batch, lost) => {
          sizes.push(batch.length);
          return seen.handler(batch, lost);
        },
      });
      await until('what was there', () => seen.all.length === 25);
      await bus.publish(numbered(topic, 'k', 5, 25));
      await until('what came', () => seen.all.length === 30);
      expect(seen.of('k')).toEqual(valuesUpTo(30));
      expect(Math.max(...sizes)).toBe(10);
    });

    it('takes several topics with one consumer', async () => {
      const { bus } = open();
      const topics = [await topicWith(bus, 2), await topicWith(bus, 1)];
      const seen = effects();
      await bus.subscribe({ topics, group: unique('g'), handler: seen.handler });
      await bus.publish(topics.flatMap((topic) => numbered(topic, topic, 10)));
      await until('all arrived', () => seen.all.length === 20);
      for (const topic of topics) expect(seen.of(topic)).toEqual(valuesUpTo(10));
    });

    it('wakes a consumer that has nothing to do', async () => {
      const { bus } = open();
      const topic = await topicWith(bus, 2);
      const seen = effects();
      const member = await bus.subscribe({
        topics: [topic],
        group: unique('g'),
        handler: seen.handler,
      });
      await until('it has its partitions', () => member.status().partitions.length === 2);
      for (let nth = 0; nth < 5; nth += 1) {
        await sleep(20);
        await bus.publish([message(topic, `k${nth}`, 'v')]);
        await until('it arrived', () => seen.all.length === nth + 1);
      }
    });

    it('tries a message again later and lets nothing behind it pass', async () => {
      const { bus } = open();
      const topic = await topicWith(bus, 1);
      const group = unique('g');
      await bus.publish(numbered(topic, 'k', 6));
      const done: string[] = [];
      const tries: number[] = [];
      let away = true;
      const member = await bus.subscribe({
        topics: [topic],
        group,
        handler: async (batch) => {
          const verdicts: Verdict[] = [];
          for (const { value } of batch) {
            if (value === '3' && away) {
              tries.push(performance.now());
              verdicts.push({ kind: 'retry', reason: 'the till is away' });
              break;
            }
            done.push(value);
            verdicts.push({ kind: 'done' });
          }
          while (verdicts.length < batch.length) verdicts.push({ kind: 'done' });
          return verdicts;
        },
      });
      await until('it was tried four times', () => tries.length >= 4);
      expect(done).toEqual(['0', '1', '2']);
      expect(await bus.lag(group, [topic])).toBe(3n);
      expect(member.status().retrying).toEqual([
        { partition: `${topic}/0`, attempts: expect.any(Number), reason: 'the till is away' },
      ]);
      const pauses = tries.slice(1).map((at, index) => at - (tries[index] ?? at));
      for (const [nth, paused] of pauses.entries()) {
        const doubled = assumed.retryDelayMinMs * 2 ** nth;
        expect(paused).toBeGreaterThan(Math.min(doubled, assumed.retryDelayMaxMs) * 0.75);
      }
      away = false;
      await until('the rest', () => done.length === 6, assumed.retryDelayMaxMs + 5000);
      expect(done).toEqual(valuesUpTo(6));
      await until('it is stored', async () => (await bus.lag(group, [topic])) === 0n);
      expect(member.status().retrying).toEqual([]);
    });

    it('does not let a partition that stands still hold up the others', async () => {
      const { bus } = open();
      const topic = await topicWith(bus, 4);
      const group = unique('g');
      const keys = Array.from({ length: 24 }, (_, index) => `k${index}`);
      await bus.publish(keys.map((key) => message(topic, key, 'v')));
      const seen = effects();
      const stuck = new Set<number>();
      await bus.subscribe({
        topics: [topic],
        group,
        handler: async (batch, lost) => {
          const [first] = batch;
          if (first === undefined || !batch.some(({ key }) => key === 'k0'))
            return seen.handler(batch, lost);
          stuck.add(first.partition);
          throw new Error('not now');
        },
      });
      await until('it stands', () => stuck.size === 1);
      await bus.publish(keys.map((key) => message(topic, key, 'w')));
      await until('the others are through', async () => {
        const ends = new Map(await bus.ends([topic]));
        for (const partition of stuck) ends.delete(`${topic}/${partition}`);
        return bus.passed(group, ends);
      });
      expect(seen.all.length).toBeGreaterThan(0);
    });

    it.each<[string, (batch: readonly Message[]) => Promise<Verdict[]>]>([
      ['that throws', async () => Promise.reject(new Error('oh'))],
      ['with too few verdicts', async () => []],
      ['with too many verdicts', async (batch) => [...batch, 0].map(() => ({ kind: 'done' }))],
    ])('takes a handler %s for "again later", and loses nothing', async (_what, failing) => {
      const { bus } = open();
      const topic = await topicWith(bus, 1);
      const group = unique('g');
      await bus.publish(numbered(topic, 'k', 8));
      let failures = 0;
      const seen = effects();
      await bus.subscribe({
        topics: [topic],
        group,
        handler: async (batch, lost) => {
          if (failures === 3 || !batch.some(({ value }) => value === '5'))
            return seen.handler(batch, lost);
          failures += 1;
          return failing(batch);
        },
      });
      await until('all are done', async () => (await bus.lag(group, [topic])) === 0n);
      expect(failures).toBe(3);
      expect(seen.all.map(({ value }) => value)).toEqual(valuesUpTo(8));
      expect(await lettersOf(bus, topic)).toEqual([]);
    });

    it('puts poison to the dead letters, as it came and with the reason, and goes on behind it', async () => {
      const { bus } = open();
      const topic = await topicWith(bus, 2);
      const [strict, lenient] = [unique('strict'), unique('lenient')];
      const headers = { ce_id: 'x', traceparent: '00-a-b-01', 'content-type': 'text/plain' };
      const sent = Array.from({ length: 30 }, (_, index) =>
        message(topic, `k${index % 5}`, String(index), headers),
      );
      await bus.publish(sent);
      const isPoison = ({ value }: Message): boolean => Number(value) % 7 === 3;
      const seen: Message[] = [];
      await bus.subscribe({
        topics: [topic],
        group: strict,
        handler: async (batch) =>
          batch.map((one) => {
            seen.push(one);
            return isPoison(one)
              ? { kind: 'poison', reason: `no such till: ${one.value}` }
              : { kind: 'done' };
          }),
      });
      await bus.subscribe({ topics: [topic], group: lenient, handler: allDone });
      for (const group of [strict, lenient])
        await until(`${group} is through`, async () => (await bus.lag(group, [topic])) === 0n);
      expect(seen).toHaveLength(30);
      const byOffset = (a: Message, b: Message): number =>
        a.partition - b.partition || Number(a.offset - b.offset);
      const expected = seen.filter(isPoison).map((one) => ({
        ...one,
        reason: `no such till: ${one.value}`,
        group: strict,
        replaced: false,
        nth: expect.any(BigInt),
        buriedAt: expect.any(Date),
      }));
      expect(expected).toHaveLength(4);
      expect([...(await lettersOf(bus, topic))].sort(byOffset)).toEqual(expected.sort(byOffset));
    });

    it('keeps in the dead letters what the handler says in place of what they must not hold', async () => {
      const { bus } = open();
      const topic = await topicWith(bus, 1);
      const group = unique('g');
      await bus.publish([message(topic, 'card 4000', 'of card 4000'), message(topic, 'b', 'b')]);
      await bus.subscribe({
        topics: [topic],
        group,
        handler: async (batch) =>
          batch.map(({ key }) => ({
            kind: 'poison',
            reason: 'bad',
            ...(key === 'b' ? {} : { keptAs: { key: 'token', value: 'of token' } }),
          })),
      });
      await until('both are buried', async () => (await bus.lag(group, [topic])) === 0n);
      expect(await lettersOf(bus, topic)).toMatchObject([
        { key: 'token', value: 'of token', reason: 'bad', replaced: true },
        { key: 'b', value: 'b', reason: 'bad', replaced: false },
      ]);
    });

    it('takes done, poison and again later from one batch', async () => {
      const { bus } = open();
      const topic = await topicWith(bus, 1);
      const group = unique('g');
      await bus.publish(numbered(topic, 'k', 5));
      const seen: string[] = [];
      let retried = false;
      await bus.subscribe({
        topics: [topic],
        group,
        handler: async (batch) =>
          batch.map(({ value }): Verdict => {
            seen.push(value);
            if (value === '1') return { kind: 'poison', reason: 'bad\0\uD800' };
            if (value !== '2' || retried) return { kind: 'done' };
            retried = true;
            return { kind: 'retry', reason: 'later' };
          }),
      });
      await until('all are done', async () => (await bus.lag(group, [topic])) === 0n);
      // What stands behind the one that is tried again comes again too, whatever was said of it.
      expect(seen).toEqual(['0', '1', '2', '3', '4', '2', '3', '4']);
      const dead = await lettersOf(bus, topic);
      expect(dead.map(({ value, offset }) => [value, offset])).toEqual([['1', 1n]]);
      expect(dead[0]?.reason).toContain('bad');
    });

    it('reads any number of dead letters, oldest first', async () => {
      const { bus } = open();
      const topic = await topicWith(bus, 1);
      await bus.publish(numbered(topic, 'k', 450));
      const group = unique('g');
      await bus.subscribe({
        topics: [topic],
        group,
        handler: async (batch) => batch.map(() => ({ kind: 'poison', reason: 'all of them' })),
      });
      await until('all are dead', async () => (await bus.lag(group, [topic])) === 0n);
      expect((await lettersOf(bus, topic)).map(({ value }) => value)).toEqual(valuesUpTo(450));
    });

    it('holds few messages in memory, however many wait for a slow consumer', async () => {
      const waiting = 50_000;
      const valueChars = 1000;
      const { bus } = open();
      const topic = await topicWith(bus, 4);
      const filler = 'x'.repeat(valueChars);
      for (let from = 0; from < waiting; from += 2500)
        await bus.publish(
          Array.from({ length: 2500 }, (_, index) =>
            message(topic, `k${index}`, `${from}${filler}`),
          ),
        );
      const slow = gate();
      const group = unique('g');
      const before = memoryInUse();
      let [handled, batches, largest] = [0, 0, 0];
      await bus.subscribe({
        topics: [topic],
        group,
        batchMax: 200,
        handler: async (batch) => {
          batches += 1;
          await slow.passed;
          handled += batch.length;
          largest = Math.max(largest, batch.length);
          return batch.map(() => ({ kind: 'done' }));
        },
      });
      await until('every partition has a batch in hand', () => batches === 4);
      await sleep(500);
      expect(batches).toBe(4);
      expect(memoryInUse() - before).toBeLessThan((waiting * valueChars) / 5);
      slow.open();
      await until('all are done', async () => (await bus.lag(group, [topic])) === 0n, 60_000);
      expect([handled, largest]).toEqual([waiting, 200]);
    });

    it('bounds a batch of big values by their size', async () => {
      const { bus } = open();
      const topic = await topicWith(bus, 1);
      const bytes = 900_000;
      for (let nth = 0; nth < 24; nth += 1)
        await bus.publish([message(topic, 'k', `${nth}${'x'.repeat(bytes)}`)]);
      const group = unique('g');
      let largest = 0;
      await bus.subscribe({
        topics: [topic],
        group,
        handler: async (batch) => {
          largest = Math.max(
            largest,
            batch.reduce((sum, one) => sum + one.value.length, 0),
          );
          return batch.map(() => ({ kind: 'done' }));
        },
      });
      await until('all are done', async () => (await bus.lag(group, [topic])) === 0n);
      expect(largest).toBeLessThan(24 * bytes * 0.75);
    });

    it('lets the batch in hand end when it is closed, stores it, and takes no more', async () => {
      const [a, b] = [open().bus, open().bus];
      const topic = await topicWith(a, 1);
      const group = unique('g');
      await a.publish(numbered(topic, 'k', 10));
      const [begun, working] = [gate(), gate()];
      const first = effects(async () => {
        begun.open();
        await working.passed;
      });
      const member = await a.subscribe({
        topics: [topic],
        group,
        batchMax: 4,
        handler: first.handler,
      });
      await begun.passed;
      let closed = false;
      const closing = member.close().then(() => (closed = true));
      await sleep(100);
      expect(closed).toBe(false);
      working.open();
      await closing;
      expect(member.status().state).toBe('closed');
      expect(first.of('k')).toEqual(valuesUpTo(4));
      expect(await b.lag(group, [topic])).toBe(6n);
      const second = effects();
      await b.subscribe({ topics: [topic], group, handler: second.handler });
      await until('the rest', () => second.all.length === 6);
      expect(second.of('k')).toEqual(['4', '5', '6', '7', '8', '9']);
      await member.close();
    });

    it('says how far a topic goes, what a group lacks, and whether it has passed a point', async () => {
      const { bus } = open();
      const [topic, other] = [await topicWith(bus, 3), await topicWith(bus, 1)];
      const group = unique('g');
      const nothing = await bus.ends([topic]);
      expect(await bus.passed(group, nothing)).toBe(true);
      await bus.publish([
        ...numbered(topic, 'a', 4),
        ...numbered(topic, 'b', 5),
        ...numbered(other, 'a', 2),
      ]);
      const ends = await bus.ends([topic, other]);
      expect([...ends.values()].reduce((sum, end) => sum + end, 0n)).toBe(11n);
      expect(await bus.lag(group, [topic])).toBe(9n);
      expect(await bus.lag(group, [topic, other])).toBe(11n);
      expect(await bus.passed(group, ends)).toBe(false);
      await bus.subscribe({ topics: [topic, other], group, handler: allDone });
      await until('it has passed', () => bus.passed(group, ends));
      expect(await bus.lag(group, [topic, other])).toBe(0n);
      await bus.publish([message(topic, 'c', '1')]);
      expect(await bus.passed(group, ends)).toBe(true);
      await until('the new one', async () => bus.passed(group, await bus.ends([topic])));
      expect(await bus.passed(unique('another'), ends)).toBe(false);
    });
  });
};
