import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { BusUnavailable, type OutgoingMessage } from '../port.js';
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

export const failuresContract = (open: OpenBuses): void => {
  describe('failures', () => {
    // Twice: whose turn it is to have the one partition may differ.
    it.each([1, 2])('delivers again what took effect but was not stored (%i)', async () => {
      const [dying, surviving] = [open(), open()];
      const topic = unique('t');
      const group = unique('g');
      await surviving.bus.ensureTopics([{ name: topic, partitions: 1 }]);
      await surviving.bus.publish(numbered(topic, 'k', 10));
      const cutOff = gate();
      const tookEffect = gate();
      let lost: AbortSignal | undefined;
      const first = effects(async ({ value }) => {
        if (value !== '4') return;
        tookEffect.open();
        await cutOff.passed;
      });
      await dying.bus.subscribe({
        topics: [topic],
        group,
        batchMax: 6,
        handler: (batch, signal) => {
          lost = signal;
          return first.handler(batch, signal);
        },
      });
      await tookEffect.passed;
      await dying.cut();
      const second = effects();
      await surviving.bus.subscribe({ topics: [topic], group, handler: second.handler });
      await until('the other has done all', () => second.all.length === 10);
      expect(second.of('k')).toEqual(valuesUpTo(10));
      await until('the handler was told', () => lost?.aborted === true);
      // The one that was cut off now ends its batch, and must not move the position back.
      cutOff.open();
      await until('it has ended its batch', () => first.all.length === 6);
      await sleep(200);
      expect(await surviving.bus.lag(group, [topic])).toBe(0n);
      await surviving.bus.publish(numbered(topic, 'k', 1, 10));
      await until('the new one', () => first.all.length + second.all.length === 17);
    });

    it('has one batch of a partition in hand at most, also over a lost connection', async () => {
      const one = open();
      const topic = unique('t');
      const group = unique('g');
      await one.bus.ensureTopics([{ name: topic, partitions: 1 }]);
      await one.bus.publish(numbered(topic, 'k', 10));
      const [begun, working] = [gate(), gate()];
      let [inHand, most] = [0, 0];
      const seen = effects();
      await one.bus.subscribe({
        topics: [topic],
        group,
        batchMax: 3,
        handler: async (batch, lost) => {
          inHand += 1;
          most = Math.max(most, inHand);
          begun.open();
          await working.passed;
          inHand -= 1;
          return seen.handler(batch, lost);
        },
      });
      await begun.passed;
      await one.cut();
      await sleep(1000);
      working.open();
      await until('all are done', async () => (await one.bus.lag(group, [topic])) === 0n);
      expect(most).toBe(1);
      expect(seen.of('k')).toEqual(valuesUpTo(10));
    });

    it('neither loses nor reorders while members die', async () => {
      const keys = Array.from({ length: 10 }, (_, index) => `k${index}`);
      const perKey = 120;
      const topic = unique('t');
      const group = unique('g');
      const publisher = open().bus;
      await publisher.ensureTopics([{ name: topic, partitions: 5 }]);
      const seen = effects(() => sleep(0));
      const join = async () => {
        const one = open();
        await one.bus.subscribe({ topics: [topic], group, handler: seen.handler, batchMax: 8 });
        return one;
      };
      const publishing = (async () => {
        for (let from = 0; from < perKey; from += 4) {
          await publisher.publish(keys.flatMap((key) => numbered(topic, key, 4, from)));
          await sleep(20);
        }
      })();
      await join();
      for (let death = 0; death < 5; death += 1) {
        const mortal = await join();
        await sleep(100);
        await mortal.cut();
        if (death % 2 === 0) await mortal.bus.close();
      }
      await publishing;
      await until('all are done', async () => (await publisher.lag(group, [topic])) === 0n);
      for (const key of keys) expect(seen.of(key)).toEqual(valuesUpTo(perKey));
    });

    it('comes back by itself after its connections were cut, to publish and to consume', async () => {
      const one = open();
      const topic = unique('t');
      const group = unique('g');
      await one.bus.ensureTopics([{ name: topic, partitions: 2 }]);
      const seen = effects();
      const member = await one.bus.subscribe({ topics: [topic], group, handler: seen.handler });
      const publish = async (messages: readonly OutgoingMessage[]): Promise<void> => {
        try {
          await one.bus.publish(messages);
        } catch (error) {
          expect(error).toBeInstanceOf(BusUnavailable);
          await sleep(50);
          await publish(messages);
        }
      };
      for (let round = 0; round < 3; round += 1) {
        await until('it has all partitions', () => sharedFairly(2, [member]));
        await publish(numbered(topic, 'k', 10, round * 10));
        await one.cut();
      }
      await until('all arrived', () => seen.of('k').length === 30);
      expect(seen.of('k')).toEqual(valuesUpTo(30));
      await until('it runs again', () => member.status().state === 'running');
      expect(member.status().reason).toBeUndefined();
    });

    it('closes after its connections were cut', async () => {
      const one = open();
      const topic = unique('t');
      await one.bus.ensureTopics([{ name: topic, partitions: 1 }]);
      await one.bus.publish(numbered(topic, 'k', 3));
      const [begun, working] = [gate(), gate()];
      const seen = effects(async () => {
        begun.open();
        await working.passed;
      });
      const member = await one.bus.subscribe({
        topics: [topic],
        group: unique('g'),
        handler: seen.handler,
      });
      await begun.passed;
      await one.cut();
      const closing = one.bus.close();
      working.open();
      await closing;
      expect(member.status().state).toBe('closed');
    });
  });
};
