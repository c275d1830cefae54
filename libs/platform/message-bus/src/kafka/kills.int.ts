import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { chooseKafka } from '@tallystick/testing/kafka';
import { effects, message, unique, until } from '../contract/bus-under-test.js';
import { BusUnavailable, type Consumer, type OutgoingMessage } from '../port.js';
import { createKafkaMessageBus, type KafkaMessageBus } from './bus.js';

jest.setTimeout(240_000);
const recoveryMaxMs = 60_000;

const chosen = await chooseKafka();
const mortal = chosen.kind === 'docker' || chosen.kind === 'java' ? [chosen] : [];

describe.each(mortal)('a Kafka that is killed ($kind)', (kind) => {
  let broker: Awaited<ReturnType<typeof kind.start>>;
  const open: KafkaMessageBus[] = [];
  const openBus = (sessionTimeoutMs = 6000): KafkaMessageBus => {
    const bus = createKafkaMessageBus({
      brokers: broker.brokers,
      limits: {
        sessionTimeoutMs,
        heartbeatEveryMs: 500,
        connectTimeoutMs: 1000,
        requestTimeoutMs: 5000,
        reconnectDelayMinMs: 50,
        reconnectDelayMaxMs: 1000,
      },
    });
    open.push(bus);
    return bus;
  };
  beforeAll(async () => {
    broker = await kind.start({ mortal: true });
  });
  afterAll(async () => {
    await Promise.all(open.map((bus) => bus.close()));
    await broker.stop();
  });

  const insist = async (
    bus: KafkaMessageBus,
    messages: readonly OutgoingMessage[],
  ): Promise<void> => {
    for (;;) {
      try {
        await bus.publish(messages);
        return;
      } catch (error) {
        expect(error).toBeInstanceOf(BusUnavailable);
        await sleep(100);
      }
    }
  };

  it('loses nothing that it acknowledged, and reorders no key, over kills of broker and members', async () => {
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
    const rounds = 150;
    const publishers = [openBus(), openBus()];
    const [first] = publishers;
    if (first === undefined) throw new Error('there is a publisher');
    const topic = unique('t');
    const group = unique('g');
    await first.ensureTopics([{ name: topic, partitions: 6 }]);
    const seen = effects();
    const join = async (): Promise<readonly [KafkaMessageBus, Consumer]> => {
      const bus = openBus();
      return [bus, await bus.subscribe({ topics: [topic], group, handler: seen.handler })];
    };
    await join();
    const [leaving] = await join();
    const publishing = Promise.all(
      publishers.map(async (bus, publisher) => {
        for (let round = 0; round < rounds; round += 1) {
          await insist(
            bus,
            keys.map((key) => message(topic, `${publisher} ${key}`, String(round))),
          );
          await sleep(20);
        }
      }),
    );
    await until('some have come', () => seen.all.length > 200, recoveryMaxMs);
    await broker.kill();
    await broker.restart();
    await join();
    await leaving.close();
    await until('more have come', () => seen.all.length > 1500, recoveryMaxMs);
    await broker.kill();
    await sleep(1000);
    await broker.restart();
    await publishing;
    const all = rounds * keys.length * publishers.length;
    const expected = Array.from({ length: rounds }, (_, round) => String(round));
    await until('all have come', () => seen.all.length - seen.repeats() === all, recoveryMaxMs);
    for (const key of seen.keys()) expect(seen.of(key)).toEqual(expected);
    await until(
      'the group has stored it',
      async () => (await first.lag(group, [topic]).catch(() => 1n)) === 0n,
      recoveryMaxMs,
    );
  });

  it('takes its members back at once, without waiting until those that they were are missed', async () => {
    const sessionTimeoutMs = 30_000;
    const publisher = openBus();
    const topic = unique('t');
    const group = unique('g');
    await publisher.ensureTopics([{ name: topic, partitions: 2 }]);
    const seen = effects();
    const join = () =>
      openBus(sessionTimeoutMs).subscribe({ topics: [topic], group, handler: seen.handler });
    const members = [await join(), await join()];
    await until('they share', () => members.every((one) => one.status().partitions.length === 1));
    await broker.kill();
    const away = () => members.every((one) => one.status().state === 'away');
    await until('they are away', away, recoveryMaxMs);
    await broker.restart();
    const began = performance.now();
    const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
    await insist(
      publisher,
      keys.map((key) => message(topic, key, '1')),
    );
    await until('all have come', () => seen.all.length >= keys.length, recoveryMaxMs);
    expect(performance.now() - began).toBeLessThan(sessionTimeoutMs / 2);
  });

  it('tells a consumer that cannot reach it, and one that can again', async () => {
    const bus = openBus();
    const topic = unique('t');
    await bus.ensureTopics([{ name: topic, partitions: 1 }]);
    const seen = effects();
    const group = unique('g');
    const member = await bus.subscribe({ topics: [topic], group, handler: seen.handler });
    await until('it runs', () => member.status().state === 'running', recoveryMaxMs);
    await broker.kill();
    await until('it is away', () => member.status().state === 'away', recoveryMaxMs);
    expect(member.status()).toMatchObject({ partitions: [], reason: expect.any(String) });
    await expect(bus.publish([message(topic, 'k', 'v')])).rejects.toThrow(BusUnavailable);
    await expect(bus.ends([topic])).rejects.toThrow(BusUnavailable);
    await broker.restart();
    // The broker reads what its groups have stored, and says so for a moment: whoever asks waits.
    expect(await bus.lag(group, [topic])).toBe(0n);
    await until('it runs again', () => member.status().state === 'running', recoveryMaxMs);
    await insist(bus, [message(topic, 'k', 'v')]);
    await until('the message has come', () => seen.all.length > 0, recoveryMaxMs);
  });
});
