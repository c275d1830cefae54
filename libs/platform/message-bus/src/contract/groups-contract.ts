import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { Consumer } from '../port.js';
import {
  effects,
  gate,
  numbered,
  sharedFairly,
  unique,
  until,
  valuesUpTo,
} from './bus-under-test.js';
import type { OpenBuses } from './message-bus-contract.js';

export const groupsContract = (open: OpenBuses): void => {
  describe('groups', () => {
    it('shows everything to each group, once', async () => {
      const { bus } = open();
      const topic = unique('t');
      await bus.ensureTopics([{ name: topic, partitions: 3 }]);
      const keys = ['a', 'b', 'c', 'd', 'e'];
      const groups = [effects(), effects()];
      for (const { handler } of groups)
        await bus.subscribe({ topics: [topic], group: unique('g'), handler });
      await bus.publish(keys.flatMap((key) => numbered(topic, key, 50)));
      for (const seen of groups) {
        await until('all arrived', () => seen.all.length === 250);
        for (const key of keys) expect(seen.of(key)).toEqual(valuesUpTo(50));
      }
    });

    it('shares the partitions fairly while members come and go', async () => {
      const topic = unique('t');
      const group = unique('g');
      const buses = Array.from({ length: 4 }, () => open().bus);
      await buses[0]?.ensureTopics([{ name: topic, partitions: 6 }]);
      const { handler } = effects();
      const members: Consumer[] = [];
      for (const bus of buses) {
        members.push(await bus.subscribe({ topics: [topic], group, handler }));
        await until(`${members.length} members share`, () => sharedFairly(6, members));
      }
      for (const leaver of [...members]) {
        if (members.length === 1) break;
        await leaver.close();
        members.shift();
        await until(`${members.length} members share`, () => sharedFairly(6, members));
      }
    });

    it('tells a member how often its share has changed', async () => {
      const topic = unique('t');
      const group = unique('g');
      const [a, b] = [open(), open()];
      await a.bus.ensureTopics([{ name: topic, partitions: 2 }]);
      const { handler } = effects();
      const first = await a.bus.subscribe({ topics: [topic], group, handler });
      await until('it has all', () => sharedFairly(2, [first]));
      const alone = first.status().rebalances;
      expect(alone).toBeGreaterThanOrEqual(1);
      const second = await b.bus.subscribe({ topics: [topic], group, handler });
      await until('both share', () => sharedFairly(2, [first, second]));
      expect(first.status().rebalances).toBeGreaterThan(alone);
      expect(second.status().rebalances).toBeGreaterThanOrEqual(1);
    });

    it('leaves a member more than there are partitions in reserve', async () => {
      const [a, b] = [open(), open()];
      const topic = unique('t');
      const group = unique('g');
      await a.bus.ensureTopics([{ name: topic, partitions: 1 }]);
      const seen = effects();
      const first = await a.bus.subscribe({ topics: [topic], group, handler: seen.handler });
      const second = await b.bus.subscribe({ topics: [topic], group, handler: seen.handler });
      await until('one has it', () => sharedFairly(1, [first, second]));
      await a.bus.publish(numbered(topic, 'k', 5));
      await until('all arrived', () => seen.all.length === 5);
      const [owner, reserve] = first.status().partitions.length === 1 ? [a, b] : [b, a];
      await owner.bus.close();
      await reserve.bus.publish(numbered(topic, 'k', 5, 5));
      await until('the other goes on', () => seen.all.length === 10);
      expect(seen.all.map(({ value }) => value)).toEqual(valuesUpTo(10));
    });

    it('neither loses nor repeats nor reorders while members join and leave', async () => {
      const keys = Array.from({ length: 12 }, (_, index) => `k${index}`);
      const perKey = 150;
      const topic = unique('t');
      const group = unique('g');
      const publisher = open().bus;
      await publisher.ensureTopics([{ name: topic, partitions: 6 }]);
      const seen = effects(() => sleep(0));
      const join = () =>
        open().bus.subscribe({ topics: [topic], group, handler: seen.handler, batchMax: 9 });
      const publishing = (async () => {
        for (let from = 0; from < perKey; from += 5) {
          await publisher.publish(keys.flatMap((key) => numbered(topic, key, 5, from)));
          await sleep(10);
        }
      })();
      const members = [await join(), await join()];
      for (let change = 0; change < 6; change += 1) {
        await sleep(60);
        if (change % 2 === 0) members.push(await join());
        else await members.shift()?.close();
      }
      await publishing;
      await until('all are done', async () => (await publisher.lag(group, [topic])) === 0n);
      for (const key of keys) expect(seen.of(key)).toEqual(valuesUpTo(perKey));
      expect(seen.repeats()).toBe(0);
    });

    it('gives a partition on only after the batch in hand has ended', async () => {
      const [a, b] = [open().bus, open().bus];
      const topic = unique('t');
      const group = unique('g');
      await a.ensureTopics([{ name: topic, partitions: 2 }]);
      await a.publish(Array.from({ length: 8 }, (_, key) => numbered(topic, `k${key}`, 5)).flat());
      const working = gate();
      let inHand = 0;
      const slow = effects(async () => {
        inHand += 1;
        await working.passed;
      });
      const quick = effects();
      await a.subscribe({ topics: [topic], group, handler: slow.handler });
      await until('both partitions are in hand', () => inHand === 2);
      const late = await b.subscribe({ topics: [topic], group, handler: quick.handler });
      await sleep(300);
      expect(late.status().partitions).toEqual([]);
      expect(quick.all).toEqual([]);
      working.open();
      await until('it is given one', () => late.status().partitions.length === 1);
      await until('all are done', async () => (await a.lag(group, [topic])) === 0n);
      expect(slow.all.length + quick.all.length).toBe(40);
    });
  });
};
