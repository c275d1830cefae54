import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { chooseKafka, type KafkaBroker } from '@tallystick/testing/kafka';
import kafkajs, { type Admin } from 'kafkajs';
import { effects, message, until } from '../contract/bus-under-test.js';
import { UnfitTopics, type TopicDefinition } from '../port.js';
import { createKafkaMessageBus, type KafkaMessageBus } from './bus.js';

jest.setTimeout(180_000);

const chosen = await chooseKafka();

describe.each(chosen.kind === 'none' ? [] : [chosen])(
  'topics that somebody made beforehand ($kind)',
  (kind) => {
    let broker: KafkaBroker;
    let bus: KafkaMessageBus;
    let admin: Admin;
    const prefix = `test-${randomUUID().slice(0, 8)}.`;
    const warnings: object[] = [];
    beforeAll(async () => {
      broker = await kind.share();
      const warn = (details: object): void => void warnings.push(details);
      const log = { info: () => {}, warn, error: () => {} };
      bus = createKafkaMessageBus({ brokers: broker.brokers, prefix, log });
      const { logLevel } = kafkajs;
      admin = new kafkajs.Kafka({
        brokers: [...broker.brokers],
        logLevel: logLevel.NOTHING,
      }).admin();
      await admin.connect();
    });
    afterAll(async () => {
      await admin.disconnect();
      await bus.close();
      await broker.stop();
    });

    const premade = async (
      definition: TopicDefinition,
      settings: Readonly<Record<string, string>>,
    ): Promise<void> => {
      const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
      const topic = `${prefix}${definition.name}`;
      await admin.createTopics({
        topics: [{ topic, numPartitions: definition.partitions, configEntries }],
        waitForLeaders: false,
      });
      await until('it is there', () =>
        admin.fetchTopicOffsets(topic).then(
          () => true,
          () => false,
        ),
      );
    };

    // The broker packs what we send: as the Java client does, with its own code.
    it.each(['gzip', 'snappy', 'lz4', 'zstd'])(
      'are read when they are packed by %s',
      async (codec) => {
        const topic = `packed-${codec}`;
        await premade(
          { name: topic, partitions: 1 },
          { 'compression.type': codec, 'retention.ms': '-1' },
        );
        await bus.ensureTopics([{ name: topic, partitions: 1 }]);
        // Several blocks, of what can be packed and of what cannot.
        const values = ['small', 'x'.repeat(300_000), randomBytes(150_000).toString('hex')];
        await bus.publish(
          values.map((value, nth) => ({ ...message(topic, 'k', value), id: `${nth}` })),
        );
        const seen = effects();
        const consumer = await bus.subscribe({
          topics: [topic],
          group: 'g',
          handler: seen.handler,
        });
        await until('all have come', () => seen.all.length === values.length);
        await consumer.close();
        expect(seen.of('k').map((value, nth) => value === values[nth])).toEqual([true, true, true]);
      },
    );

    it('are told of when they are not as ours are, once', async () => {
      const definition = { name: 'receipts', partitions: 3, retentionDays: 14 };
      await premade(definition, { 'compression.type': 'producer', 'retention.ms': '604800000' });
      warnings.length = 0;
      await bus.ensureTopics([{ ...definition, partitions: 8 }]);
      await bus.ensureTopics([{ ...definition, partitions: 8 }]);
      expect(warnings).toEqual([
        {
          topic: `${prefix}receipts`,
          faults: [
            'retention.ms is 604800000: set retention.ms=1209600000',
            expect.stringMatching(/^max.message.bytes is \d+: set max.message.bytes=\d+$/),
            'compression.type is producer: set compression.type=uncompressed',
            expect.stringContaining('it has 3 partitions, ours has 8'),
          ],
        },
      ]);
    });

    it('are refused when they would lose messages, until somebody sets what it says', async () => {
      const definition = { name: 'ledger', partitions: 1 };
      const week = { name: 'retention.ms', value: '604800000' };
      await premade(definition, { [week.name]: week.value, 'cleanup.policy': 'compact' });
      const refused = await bus.ensureTopics([definition]).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(UnfitTopics);
      expect(String(refused)).toContain(
        `${prefix}ledger: retention.ms is 604800000: set retention.ms=-1; cleanup.policy is compact: set cleanup.policy=delete`,
      );
      const type = kafkajs.ConfigResourceTypes.TOPIC;
      await admin.alterConfigs({
        validateOnly: false,
        resources: [{ type, name: `${prefix}ledger`, configEntries: [{ ...week, value: '-1' }] }],
      });
      await bus.ensureTopics([definition]);
      // So are dead letters that would be gone in a week.
      await premade({ name: 'programs.dlq', partitions: 1 }, {});
      await expect(bus.ensureTopics([{ name: 'programs', partitions: 1 }])).rejects.toThrow(
        `${prefix}programs.dlq: retention.ms is 604800000: set retention.ms=-1`,
      );
    });
  },
);
