import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Kafka, logLevel } from 'kafkajs';
import { runSource } from '../source-process.js';
import type { MortalKafkaBroker } from './broker.js';
import { chooseKafka } from './choose-kafka.js';

jest.setTimeout(180_000);

const topicsOf = async (brokers: readonly string[]): Promise<readonly string[]> => {
  const kafka = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await admin.listTopics();
  } finally {
    await admin.disconnect();
  }
};

const chosen = await chooseKafka();
const kinds = chosen.kind === 'docker' || chosen.kind === 'java' ? [chosen] : [];

describe.each(kinds)('a Kafka for tests, by $kind', (kind) => {
  let broker: MortalKafkaBroker;
  beforeAll(async () => {
    broker = await kind.start({ mortal: true });
  });
  afterAll(() => broker.stop());

  it('keeps what it has written over a kill and a shutdown, and comes back on its port', async () => {
    const admin = new Kafka({ brokers: [...broker.brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 2 }] });
    await admin.disconnect();
    await broker.kill();
    await broker.restart();
    expect(await topicsOf(broker.brokers)).toEqual(['kept']);
    await broker.terminate();
    await broker.restart();
    expect(await topicsOf(broker.brokers)).toEqual(['kept']);
  });
});

const runs = (pid: number): boolean => existsSync(`/proc/${pid}`);

describe.each(kinds.filter(({ kind }) => kind === 'java'))('a Kafka by Java', () => {
  it('ends, and its data go, when the process that started it is killed', async () => {
    const starter = runSource(new URL('kafka-starter.ts', import.meta.url), []);
    let pid = 0;
    let folder = '';
    for await (const line of starter.lines) {
      [pid, folder] = JSON.parse(line) as [number, string];
      break;
    }
    expect(runs(pid)).toBe(true);
    expect(existsSync(folder)).toBe(true);
    await starter.kill();
    for (let nth = 0; nth < 100 && (runs(pid) || existsSync(folder)); nth += 1) await sleep(100);
    expect([runs(pid), existsSync(folder)]).toEqual([false, false]);
  });
});
