import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import {
  createPostgresEventStore,
  eventStoreSchema,
  newEvent,
  type EventMetadata,
  type EventStore,
} from '@tallystick/event-store';
import { programId, systemClock, type ProgramId } from '@tallystick/kernel';
import { provision } from '@tallystick/postgres';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import type { EventOf } from './decode-signed.js';
import { signedStreams } from './signed-streams.js';
import { decideApproval, type Signed } from './two-people.js';

const events = {
  AdjustmentRequested: z.object({ id: z.string(), by: z.string(), hash: z.string() }),
  AdjustmentApproved: z.object({ approvedBy: z.string() }),
};
interface State extends Signed {
  readonly asked: Signed['asked'] & { readonly id: string; readonly program: ProgramId };
}

let program: ProgramId;
const evolve = (state: State | null, event: EventOf<typeof events>): State | null => {
  if (event.type === 'AdjustmentRequested') {
    const { id, by: requestedBy, hash } = event.data;
    const asked = { id, program, requestedBy, hash };
    return { asked, status: 'requested', approvedBy: null, rejected: null };
  }
  const { approvedBy } = event.data;
  return state === null ? null : { ...state, status: 'approved', approvedBy };
};
const letters = signedStreams({
  ...{ category: 'adjustment', events, evolve },
  nameOf: ({ asked }) => asked,
});

let database: TestDatabase;
let store: EventStore;
beforeAll(async () => {
  database = await testDatabase();
  await provision(database.url, [], [eventStoreSchema]);
  store = createPostgresEventStore({ db: database.url });
});
afterAll(async () => {
  await store.close();
  await database.drop();
});
beforeEach(() => {
  program = programId(`p-${randomUUID()}`);
});

const metadata = (correlationId = 'c'): EventMetadata => {
  const at = systemClock();
  return { program, occurredAt: at, recordedAt: at, actor: 'test', correlationId };
};
const ask = (content: object, key = 'k', correlationId = 'c') =>
  letters.ask<{ readonly kind: 'no' }>(
    store,
    { program, subject: 'maria', key },
    content,
    async ({ id, requestedBy: by, hash }) => ({
      ...{ type: 'AdjustmentRequested' as const, data: { id, by, hash } },
    }),
    metadata(correlationId),
  );
const asked = async (key?: string) => {
  const answer = await ask({ what: 1 }, key);
  if (answer.kind !== 'requested') throw new Error(answer.kind);
  return answer.found;
};
const approve = (id: string, by: string) =>
  letters.change(
    store,
    { program, id },
    (found) =>
      decideApproval(found, by, ['requested']) ?? {
        ...{ type: 'AdjustmentApproved' as const, data: { approvedBy: by } },
      },
    metadata('later'),
  );
const written = async (id: string) => {
  const stream = letters.streamOf({ program, id });
  return (await store.readStreams([stream])).get(stream) ?? [];
};

describe('what two people sign', () => {
  it('is asked for once for a key, also by two at once', async () => {
    const both = await Promise.all([ask({ what: 1 }), ask({ what: 1 })]);
    const found = await asked();
    expect(both.map((answer) => answer.kind)).toEqual(['requested', 'requested']);
    expect(await written(found.asked.id)).toHaveLength(1);
    expect(await ask({ what: 2 })).toEqual({ kind: 'key-reused' });
    expect((await asked('other')).asked.id).not.toBe(found.asked.id);
  });

  it('is not kept where its first event is refused', async () => {
    const refused = await letters.ask(
      store,
      { program, subject: 'maria', key: 'k' },
      { what: 1 },
      async () => ({ kind: 'no' }),
      metadata(),
    );
    expect(refused).toEqual({ kind: 'no' });
    expect((await asked()).revision).toBe(0);
  });

  it('is approved by one of two who try at once; the other sees that', async () => {
    const { asked: request, position } = await asked();
    const answers = await Promise.all([approve(request.id, 'paul'), approve(request.id, 'ann')]);
    expect(answers.map(({ kind }) => kind).toSorted()).toEqual(['closed', 'done']);
    expect(await written(request.id)).toHaveLength(2);
    const found = await letters.read(store, { program, id: request.id });
    expect(found).toMatchObject({ status: 'approved', revision: 1, position, correlationId: 'c' });
    expect(found?.newestPosition).toBeGreaterThan(position);
  });

  it('is nobody’s where nobody has asked', async () => {
    expect(await approve('none', 'paul')).toEqual({ kind: 'unknown' });
    expect(await letters.read(store, { program, id: 'none' })).toBeNull();
  });

  it('writes nothing where somebody else has spoken since it was read', async () => {
    const found = await asked();
    await approve(found.asked.id, 'paul');
    const event = { type: 'AdjustmentApproved' as const, data: { approvedBy: 'ann' } };
    await letters.say(store, found, event, metadata());
    const now = await letters.read(store, { program, id: found.asked.id });
    expect(now).toMatchObject({ approvedBy: 'paul', revision: 1 });
  });

  it('is not decided about by a release that does not know one of its events', async () => {
    const { asked: request } = await asked();
    const named = { program, id: request.id };
    const event = newEvent(
      letters.factOf(named),
      1,
      { type: 'AdjustmentRejected', data: {} },
      metadata(),
    );
    await store.append([{ stream: letters.streamOf(named), expected: 0, events: [event] }]);
    await expect(approve(request.id, 'paul')).rejects.toThrow(
      'this release does not understand AdjustmentRejected: upgrade it',
    );
  });
});
