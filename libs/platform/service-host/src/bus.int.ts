import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { topics } from '@tallystick/contracts';
import { createPostgresMessageBus, type MessageBus } from '@tallystick/message-bus';
import { createPool } from '@tallystick/postgres';
import { testDatabase } from '@tallystick/testing';
import { ask } from './test-service/ask.js';
import { startTill, type Till } from './test-service/start-till.js';
import { until } from './test-service/until.js';
import { seen, till as definition } from './test-service/till.js';
import { startService } from './index.js';

const topic = topics.ledger.name;
const event = (id: string) =>
  JSON.stringify({
    id,
    stream: 'ledger-p-a',
    revision: 0,
    position: '1',
    type: 'PointsEarned',
    schemaVersion: 1,
    metadata: {},
    data: {},
  });
const message = (id: string, value = event(id)) => ({
  topic,
  key: 'one-key',
  id,
  headers: {},
  value,
});

describe('a service on the bus', () => {
  let till: Till;
  let bus: MessageBus;
  beforeEach(async () => {
    seen.ids.length = 0;
    seen.batches.length = 0;
    seen.slowMs = 0;
    till = await startTill(await testDatabase());
    bus = createPostgresMessageBus({ url: till.adminUrl });
  });
  afterEach(async () => {
    await bus.close();
    await till.end();
  });

  it('gets batches in order, and is done with them', async () => {
    const ids = Array.from({ length: 300 }, (_, n) => `e-${n}`);
    await bus.publish(ids.map((id) => message(id)));
    await until('all are seen', () => seen.ids.length >= ids.length);
    expect(seen.ids).toEqual(ids);
    expect(Math.max(...seen.batches)).toBeGreaterThan(1);
    await until('all are done', async () => (await bus.lag('accrual', [topic])) === 0n);
  });

  it('sends what cannot be read to the dead letters, and goes on with the rest', async () => {
    await bus.publish([message('a'), message('b', 'rubbish'), message('c')]);
    await until('all are done', async () => (await bus.lag('accrual', [topic])) === 0n);
    const letters = [];
    for await (const letter of bus.deadLetters(topic)) letters.push(letter);
    expect(letters).toMatchObject([{ id: 'b', value: 'rubbish', reason: 'the value is not JSON' }]);
    expect(new Set(seen.ids)).toEqual(new Set(['a', 'c']));
  });

  it('lets the batch in hand end when it stops, and goes on behind it when it starts again', async () => {
    seen.slowMs = 400;
    await bus.publish([message('a')]);
    await until('the batch is in hand', () => seen.batches.length === 1);
    await till.service.close();
    expect(seen.ids).toEqual(['a']);

    seen.slowMs = 0;
    await bus.publish([message('b')]);
    const again = await startService(definition, till.env, { log: till.log, listen: false });
    await until('the next is seen', () => seen.ids.includes('b'));
    await again.close();
    expect(seen.ids).toEqual(['a', 'b']);
  });

  it('is not ready while the database is away, says so to callers, and heals by itself', async () => {
    const ready = () => ask(`${till.url}/health/accrual/ready`);
    const token = await till.issuer.token({ sub: 'o', roles: ['ops'] });
    expect(await till.service.ready(10_000)).toMatchObject({ status: 'ready', relay: 'active' });
    expect((await ready()).status).toBe(200);

    const role = new URL(till.env['TALLYSTICK_DATABASE_URL'] ?? '').username;
    const admin = createPool(till.adminUrl, { max: 1 });
    try {
      await admin.query(`alter role ${role} connection limit 0`);
      await admin.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where usename = $1',
        [role],
      );
      await until('it is not ready', async () => (await ready()).status === 503);
      expect((await ready()).body).toMatchObject({
        status: 'not-ready',
        checks: { database: 'unreachable' },
        consumers: { ledger: 'away' },
      });
      expect((await till.service.ready(100)).status).toBe('not-ready');
      const refused = await ask(`${till.url}/v1/receipts/schema`, { token });
      expect([refused.status, refused.type]).toEqual([503, 'unavailable']);
      expect((await ask(`${till.url}/health/accrual/live`)).status).toBe(200);
    } finally {
      await admin.query(`alter role ${role} connection limit -1`);
      await admin.end();
    }
    await until('it is ready again', async () => (await ready()).status === 200);
    expect((await ask(`${till.url}/v1/receipts/schema`, { token })).status).toBe(200);
  });
});
