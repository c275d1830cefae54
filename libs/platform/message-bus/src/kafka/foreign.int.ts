import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { chooseKafka, type KafkaBroker } from '@tallystick/testing/kafka';
import kafkajs, { type Producer } from 'kafkajs';
import { effects, message, until } from '../contract/bus-under-test.js';
import type { DeadLetter } from '../port.js';
import { createKafkaMessageBus, type KafkaMessageBus } from './bus.js';

// A broker starts in 4 s, on a busy machine in more than a minute.
jest.setTimeout(180_000);

const chosen = await chooseKafka();

describe.each(chosen.kind === 'none' ? [] : [chosen])(
  'what others write to Kafka ($kind)',
  (kind) => {
    let broker: KafkaBroker;
    let bus: KafkaMessageBus;
    let till: Producer;
    const prefix = `test-${randomUUID().slice(0, 8)}.`;
    const [topic, group] = ['receipts', 'accrual'];
    beforeAll(async () => {
      broker = await kind.share();
      bus = createKafkaMessageBus({ brokers: broker.brokers, prefix });
      await bus.ensureTopics([{ name: topic, partitions: 1 }]);
      till = new kafkajs.Kafka({
        brokers: [...broker.brokers],
        logLevel: kafkajs.logLevel.NOTHING,
      }).producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
      await till.connect();
    });
    afterAll(async () => {
      await till.disconnect();
      await bus.close();
      await broker.stop();
    });

    it('finds topics as their definition says', async () => {
      const day = 24 * 60 * 60 * 1000;
      await bus.ensureTopics([
        { name: 'short', partitions: 3, retentionDays: 14 },
        { name: 'latest', partitions: 2, compacted: true },
      ]);
      const admin = new kafkajs.Kafka({
        brokers: [...broker.brokers],
        logLevel: kafkajs.logLevel.NOTHING,
      }).admin();
      await admin.connect();
      const found = await Promise.all(
        ['short', 'short.dlq', 'latest'].map(async (name) => {
          const at = `${prefix}${name}`;
          const { topics } = await admin.fetchTopicMetadata({ topics: [at] });
          const wanted = ['retention.ms', 'cleanup.policy', 'compression.type'];
          const { resources } = await admin.describeConfigs({
            includeSynonyms: false,
            resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: at, configNames: wanted }],
          });
          const configured = new Map(
            resources[0]?.configEntries.map((entry) => [entry.configName, entry.configValue]),
          );
          return [topics[0]?.partitions.length, ...wanted.map((one) => configured.get(one))];
        }),
      );
      await admin.disconnect();
      expect(found).toEqual([
        [3, String(14 * day), 'delete', 'uncompressed'],
        [1, '-1', 'delete', 'uncompressed'],
        [2, '-1', 'compact', 'uncompressed'],
      ]);
    });

    it('comes as it is: without key, id or text, packed, and with headers of any kind', async () => {
      const bytes = Buffer.from([0x0a, 0xff, 0x00, 0x80]);
      await till.send({
        topic: `${prefix}${topic}`,
        compression: kafkajs.CompressionTypes.GZIP,
        messages: [
          { value: '{"a":1}' },
          {
            key: null,
            value: bytes,
            headers: { 'Content-Type': 'application/protobuf', ce_id: '7' },
          },
          { key: 'k', value: bytes },
          { key: 'k', value: null, headers: { twice: ['a', 'b'], broken: Buffer.from([0xff]) } },
          { key: 'k', value: 'text', headers: { 'content-type': 'application/protobuf' } },
        ],
      });
      await bus.publish([{ ...message(topic, 'k', ''), id: 'ours', bytes }]);
      const seen = effects();
      const consumer = await bus.subscribe({
        topics: [topic],
        group,
        handler: async (batch, lost) => {
          await seen.handler(batch, lost);
          return batch.map(() => ({ kind: 'poison', reason: 'all of it' }));
        },
      });
      await until('all have come', () => seen.all.length === 6);
      await until('all are buried', async () => (await bus.lag(group, [topic])) === 0n);
      await consumer.close();
      const headers = {};
      const expected = [
        { key: '', id: 'receipts/0/0', headers, value: '{"a":1}' },
        {
          key: '',
          id: '7',
          headers: { 'content-type': 'application/protobuf', ce_id: '7' },
          value: '',
          bytes,
        },
        { key: 'k', id: 'receipts/0/2', headers, value: '', bytes },
        { key: 'k', id: 'receipts/0/3', headers: { twice: 'b', broken: '\uFFFD' }, value: '' },
        {
          key: 'k',
          id: 'receipts/0/4',
          headers: { 'content-type': 'application/protobuf' },
          value: '',
          bytes: Buffer.from('text'),
        },
        { key: 'k', id: 'ours', headers, value: '', bytes },
      ].map((one, offset) => ({ topic, partition: 0, offset: BigInt(offset), ...one }));
      expect(seen.all).toEqual(expected);
      const letters: DeadLetter[] = [];
      for await (const letter of bus.deadLetters(topic)) letters.push(letter);
      expect(letters).toEqual(
        expected.map((one) => ({
          ...one,
          ...{ group, reason: 'all of it', replaced: false, buriedAt: expect.any(Date) },
          nth: expect.any(BigInt),
        })),
      );
    });
  },
);
