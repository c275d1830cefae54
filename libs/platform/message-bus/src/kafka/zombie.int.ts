import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { runSource, type SourceProcess } from '@tallystick/testing';
import { chooseKafka, type KafkaBroker } from '@tallystick/testing/kafka';
import { numbered, shortSession, until } from '../contract/bus-under-test.js';
import { createKafkaMessageBus, type KafkaMessageBus } from './bus.js';

jest.setTimeout(180_000);
/** A member is missed, and the others have its partitions. */
const takeoverMaxMs = 30_000;

const chosen = await chooseKafka();

describe.each(chosen.kind === 'none' ? [] : [chosen])(
  'a member that stood still for longer than its session ($kind)',
  (kind) => {
    const [topic, group, partitions] = ['t', 'g', 4];
    const prefix = `test-${randomUUID().slice(0, 8)}.`;
    const keys = Array.from({ length: 12 }, (_, index) => `k${index}`);
    let broker: KafkaBroker;
    let bus: KafkaMessageBus;
    let zombie: SourceProcess | undefined;
    beforeAll(async () => {
      broker = await kind.share();
      bus = createKafkaMessageBus({ brokers: broker.brokers, prefix, limits: shortSession });
      await bus.ensureTopics([{ name: topic, partitions }]);
    });
    afterAll(async () => {
      await zombie?.kill();
      await bus.close();
      await broker.stop();
    });

    it('loses nothing and reorders no key when it goes on, and joins its group again', async () => {
      /** Each key's messages in the order in which they took effect first, in whichever process. */
      const firsts = new Map<string, Set<string>>();
      const byZombie: string[] = [];
      const took = (key: string, value: string): void => {
        firsts.set(key, (firsts.get(key) ?? new Set<string>()).add(value));
      };
      let published = 0;
      const publish = async (perKey: number): Promise<void> => {
        await bus.publish(keys.flatMap((key) => numbered(topic, key, perKey, published)));
        published += perKey;
      };
      const allTookEffect = (): boolean => keys.every((key) => firsts.get(key)?.size === published);

      const source = new URL('../contract/kafka-member-process.ts', import.meta.url);
      const [address = ''] = broker.brokers;
      const child = runSource(source, [address, prefix, topic, group]);
      zombie = child;
      const reading = (async () => {
        for await (const line of child.lines) {
          const [key, value] = JSON.parse(line) as [string, string];
          byZombie.push(`${key} ${value}`);
          took(key, value);
        }
      })();
      await publish(5);
      await until('it has joined', allTookEffect, takeoverMaxMs);
      const member = await bus.subscribe({
        topics: [topic],
        group,
        handler: async (batch) => {
          for (const { key, value } of batch) {
            await sleep(1);
            took(key, value);
          }
          return batch.map(() => ({ kind: 'done' }));
        },
      });
      const share = (): number => member.status().partitions.length;
      await until('they share', () => share() === partitions / 2, takeoverMaxMs);

      const before = byZombie.length;
      await publish(100);
      await until('it is in the middle of a batch', () => byZombie.length > before + 10);
      process.kill(child.pid, 'SIGSTOP');
      await until('the other has all', () => share() === partitions, takeoverMaxMs);
      await publish(20);
      await until('the other has done all', allTookEffect, takeoverMaxMs);
      await publish(20);
      process.kill(child.pid, 'SIGCONT');
      await until('it has joined again', () => share() === partitions / 2, takeoverMaxMs);
      const rejoined = byZombie.length;
      await publish(20);
      await until('all are done', allTookEffect, takeoverMaxMs);
      await until('all is stored', async () => (await bus.lag(group, [topic])) === 0n);
      await until('it does its share', () => byZombie.length > rejoined);

      const expected = Array.from({ length: published }, (_, index) => String(index));
      for (const key of keys) expect([...(firsts.get(key) ?? [])]).toEqual(expected);
      await child.kill();
      await reading;
    });
  },
);
