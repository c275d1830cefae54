import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { topics } from '@tallystick/contracts';
import { createKafkaMessageBus, type KafkaMessageBus } from '@tallystick/message-bus';
import { testDatabase } from '@tallystick/testing';
import { chooseKafka, type KafkaBroker } from '@tallystick/testing/kafka';
import { startTill, type Till } from './test-service/start-till.js';
import { until } from './test-service/until.js';
import { seen, till as definition } from './test-service/till.js';
import { startService } from './index.js';

const topic = topics.ledger.name;
const messageOf = (id: string) => ({
  topic,
  key: id,
  id,
  headers: {},
  value: JSON.stringify({
    ...{ id, stream: 'ledger-p-a', revision: 0, position: '1', type: 'PointsEarned' },
    ...{ schemaVersion: 1, metadata: {}, data: {} },
  }),
});

const chosen = await chooseKafka();

jest.setTimeout(240_000);

describe.each(chosen.kind === 'none' ? [] : [chosen])('a service on Kafka ($kind)', (kind) => {
  let broker: KafkaBroker;
  let till: Till | undefined;
  let bus: KafkaMessageBus;
  beforeAll(async () => {
    broker = await kind.share();
    const prefix = `host-${randomUUID().slice(0, 8)}.`;
    bus = createKafkaMessageBus({ brokers: broker.brokers, prefix });
    till = await startTill(
      await testDatabase(),
      definition,
      {},
      {
        TALLYSTICK_BUS: 'kafka',
        TALLYSTICK_KAFKA_BROKERS: broker.brokers.join(','),
        TALLYSTICK_KAFKA_PREFIX: prefix,
      },
    );
  });
  afterAll(async () => {
    await till?.end();
    await bus.close();
    await broker.stop();
  });

  const running = (): Till => {
    if (till === undefined) throw new Error('the service did not start');
    return till;
  };

  it('lets what is in hand end when it stops, and stores that: the next one does each of the rest once', async () => {
    seen.slowMs = 300;
    const ids = Array.from({ length: 5000 }, (_, n) => `e-${n}`);
    await bus.publish(ids.map(messageOf));
    await until('some are in hand', () => seen.batches.length > 0);
    await running().service.close();
    const done = seen.ids.length;
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(ids.length);
    expect(await bus.lag('accrual', [topic])).toBe(BigInt(ids.length - done));

    seen.slowMs = 0;
    const again = await startService(definition, running().env, {
      log: running().log,
      listen: false,
    });
    await until('all are seen', () => seen.ids.length >= ids.length);
    await until('all are done', async () => (await bus.lag('accrual', [topic])) === 0n);
    await again.close();
    expect([...seen.ids].sort()).toEqual([...ids].sort());
  });
});
