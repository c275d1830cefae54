import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { chooseKafka, type KafkaBroker } from '@tallystick/testing/kafka';
import kafkajs, { type Kafka, type ProducerRecord } from 'kafkajs';
import { until } from '../contract/bus-under-test.js';
import type { DeadLetter, KeptAs } from '../port.js';
import { createKafkaMessageBus, type KafkaMessageBus } from './bus.js';

jest.setTimeout(180_000);

const chosen = await chooseKafka();

describe.each(chosen.kind === 'none' ? [] : [chosen])(
  'large dead letters on Kafka ($kind)',
  (kind) => {
    let broker: KafkaBroker;
    let bus: KafkaMessageBus;
    let till: Kafka;
    const prefix = `test-${randomUUID().slice(0, 8)}.`;
    beforeAll(async () => {
      broker = await kind.share();
      bus = createKafkaMessageBus({ brokers: broker.brokers, prefix });
      till = new kafkajs.Kafka({
        brokers: [...broker.brokers],
        logLevel: kafkajs.logLevel.NOTHING,
      });
    });
    afterAll(async () => {
      await bus.close();
      await broker.stop();
    });

    /** A broker that is new has no coordinator of groups yet. */
    const lagOf = (topic: string): Promise<bigint> => bus.lag('g', [topic]).catch(() => 1n);

    /** What becomes of them when each is poison. */
    const lettersOf = async (
      topic: string,
      messages: ProducerRecord['messages'],
      keptAs?: KeptAs,
    ): Promise<readonly DeadLetter[]> => {
      const producer = till.producer({
        createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      });
      await producer.connect();
      await producer.send({ topic: `${prefix}${topic}`, messages });
      await producer.disconnect();
      const consumer = await bus.subscribe({
        topics: [topic],
        group: 'g',
        handler: async (batch) =>
          batch.map(() => ({ kind: 'poison', reason: 'bad', ...(keptAs && { keptAs }) })),
      });
      await until('all are buried', async () => (await lagOf(topic)) === 0n);
      await consumer.close();
      const letters: DeadLetter[] = [];
      for await (const letter of bus.deadLetters(topic)) letters.push(letter);
      return letters;
    };

    it('hold a header that is no UTF-8, however large', async () => {
      await bus.ensureTopics([{ name: 'headers', partitions: 1 }]);
      const value = '7 bytes';
      const junk = Buffer.alloc(1_600_000, 0xff);
      const [letter, next] = await lettersOf('headers', [
        { value, headers: { junk } },
        { value: 'next' },
      ]);
      expect(letter).toMatchObject({ value, replaced: false, reason: 'bad' });
      expect(letter?.headers['junk'] === '\uFFFD'.repeat(junk.length)).toBe(true);
      expect(next).toMatchObject({ value: 'next' });
    });

    it('leave out what does not fit beside what stands in place of the message', async () => {
      await bus.ensureTopics([{ name: 'both', partitions: 1 }]);
      const headers = { junk: Buffer.alloc(3_000_000, 0xff), small: 'kept' };
      const [letter] = await lettersOf('both', [{ value: 'x', headers }], {
        key: 'k',
        value: '\0'.repeat(600_000),
      });
      expect(letter).toMatchObject({ key: 'k', replaced: true, headers: { small: 'kept' } });
      expect(letter?.value).toMatch(/^\uFFFD{1000,}$/);
      expect(letter?.reason).toContain('too large');
      expect((await bus.messageAt('both', 0, 0n))?.value).toBe('x');
    });

    it('are cut for a topic that somebody made for smaller ones', async () => {
      const admin = till.admin();
      await admin.connect();
      await admin.createTopics({
        topics: [{ topic: `${prefix}premade.dlq`, numPartitions: 1 }],
        waitForLeaders: true,
      });
      await admin.disconnect();
      await bus.ensureTopics([{ name: 'premade', partitions: 1 }]);
      const letters = await lettersOf('premade', [
        { value: 'x'.repeat(2_000_000) },
        { value: 'small' },
      ]);
      expect(letters.map(({ replaced, value }) => [replaced, value.slice(0, 5)])).toEqual([
        [true, 'xxxxx'],
        [expect.any(Boolean), 'small'],
      ]);
    });
  },
);
