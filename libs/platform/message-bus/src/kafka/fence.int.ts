import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { chooseKafka, type KafkaBroker } from '@tallystick/testing/kafka';
import { effects, message, until } from '../contract/bus-under-test.js';
import { MessageRefused, PublisherFenced } from '../port.js';
import { createKafkaMessageBus, type KafkaMessageBus } from './bus.js';

// A broker starts in 4 s, on a busy machine in more than a minute.
jest.setTimeout(180_000);

const chosen = await chooseKafka();

describe.each(chosen.kind === 'none' ? [] : [chosen])('publishers of one name ($kind)', (kind) => {
  let broker: KafkaBroker;
  let one: KafkaMessageBus;
  let other: KafkaMessageBus;
  beforeAll(async () => {
    broker = await kind.share();
    const prefix = `test-${randomUUID().slice(0, 8)}.`;
    one = createKafkaMessageBus({ brokers: broker.brokers, prefix });
    other = createKafkaMessageBus({ brokers: broker.brokers, prefix });
    await one.ensureTopics([{ name: 't', partitions: 1 }]);
  });
  afterAll(async () => {
    await Promise.all([one.close(), other.close()]);
    await broker.stop();
  });

  it('let nothing of the older one in between what the newer one publishes', async () => {
    const old = await one.openFencedPublisher('relay');
    for (const value of ['1', '2']) await old.publish([message('t', 'k', value)]);
    const fresh = await other.openFencedPublisher('relay');
    // What the older one had under way may still arrive, before anything of the newer one.
    await fresh.publish([message('t', 'k', '3')]);
    await expect(old.publish([message('t', 'k', '2')])).rejects.toThrow(PublisherFenced);
    await expect(old.publish([message('t', 'k', '2')])).rejects.toThrow(PublisherFenced);
    const another = await one.openFencedPublisher('another');
    await another.publish([message('t', 'k', 'by another')]);
    await fresh.publish([message('t', 'k', '4')]);
    await one.publish([message('t', 'k', 'by nobody')]);
    const seen = effects();
    await one.subscribe({ topics: ['t'], group: 'g', handler: seen.handler });
    await until('all have come', () => seen.all.length >= 6);
    expect(seen.all.map(({ value }) => value)).toEqual([
      ...['1', '2', '3', 'by another', '4', 'by nobody'],
    ]);
    await Promise.all([old, fresh, another].map((publisher) => publisher.close()));
  });

  it('refuse what no bus can carry, as the bus does', async () => {
    const publisher = await one.openFencedPublisher('careful');
    await expect(publisher.publish([message('t', '', 'v')])).rejects.toThrow(MessageRefused);
    await publisher.publish([message('t', 'k', 'v')]);
    await publisher.close();
  });
});
