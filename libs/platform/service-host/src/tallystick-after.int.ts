import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createPostgresEventStore, newEvent, type EventStore } from '@tallystick/event-store';
import { accountId, factId, ledgerStream, programId, systemClock } from '@tallystick/kernel';
import { testDatabase } from '@tallystick/testing';
import { ask } from './test-service/ask.js';
import { startTill, type Till } from './test-service/start-till.js';
import { seen } from './test-service/till.js';

const program = programId('shop');

describe('an answer that is to take a write into account', () => {
  let till: Till;
  let store: EventStore;
  let token: string;
  beforeAll(async () => {
    till = await startTill(await testDatabase());
    store = createPostgresEventStore({ db: till.adminUrl });
    token = await till.issuer.token({ sub: 'o', roles: ['ops'] });
  });
  afterAll(async () => {
    await store.close();
    await till.end();
  });

  const write = async (fact: string) => {
    const now = systemClock();
    const event = newEvent(
      factId('test', fact),
      0,
      { type: 'Tested', data: { fact } },
      { program, occurredAt: now, recordedAt: now, actor: 'test', correlationId: fact },
    );
    const stream = ledgerStream(program, accountId(fact));
    const result = await store.append([{ stream, expected: 'noStream', events: [event] }]);
    if (result.kind === 'conflict') throw new Error('a conflict on a new stream');
    return { id: event.id, position: result.position };
  };
  const askAfter = (position: string, sent = {}) =>
    ask(`${till.url}/v1/receipts/schema`, {
      token,
      headers: { 'tallystick-after': position },
      ...sent,
    });

  it('waits until the relay has published it and the consumer has handled it', async () => {
    seen.slowMs = 300;
    const { id, position } = await write('a');
    expect(seen.ids).not.toContain(id);
    expect((await askAfter(String(position))).status).toBe(200);
    expect(seen.ids).toContain(id);
    seen.slowMs = 0;
  });

  it('comes at once when that was long ago', async () => {
    const { position } = await write('b');
    await askAfter(String(position));
    const before = Date.now();
    await Promise.all(Array.from({ length: 20 }, () => askAfter(String(position))));
    expect(Date.now() - before).toBeLessThan(1_000);
  });

  it('needs a position, and a token that is good', async () => {
    const malformed = await askAfter('soon');
    expect([malformed.status, malformed.type]).toEqual([400, 'position-malformed']);
    expect((await askAfter('999999', { token: 'none' })).status).toBe(401);
  });
});
