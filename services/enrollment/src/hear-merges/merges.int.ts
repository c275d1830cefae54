import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { newEvent } from '@tallystick/event-store';
import { factId, instant, programId, streamName, systemClock } from '@tallystick/kernel';
import { masterKeys } from '@tallystick/sealing';
import { createCardTokens } from '@tallystick/service-host';
import {
  manager,
  testDeployment,
  type Deployment,
  type TestService,
} from '@tallystick/testing/service';
import { z } from 'zod';
import { rebuild } from '../rebuild/rebuild.js';
import { publishProgram } from '../testing/programs.js';
import { startEnrollment } from '../testing/start-enrollment.js';

const program = programId('bonus');
let deployment: Deployment;
let service: TestService;
beforeAll(async () => {
  deployment = await testDeployment();
  service = await startEnrollment(deployment);
  await publishProgram(service, program);
});
afterAll(async () => {
  await service.close();
  await deployment.drop();
});

const enrolled = async (card: string) => {
  const body = { program, cards: [card] };
  const answer = await service.call('POST', '/v1/members', { key: card, body });
  return z.object({ member: z.string(), account: z.string() }).parse(answer.body);
};
const lookUp = async (card: string) =>
  (await service.call('POST', '/v1/cards/lookup', { as: manager, body: { program, card } })).body;

let merges = 0;
/** As accrual registers it. */
const merge = async (source: string, target: string): Promise<void> => {
  const at = instant('2026-01-02T00:00:00Z');
  const id = `m${(merges += 1)}`;
  const data = {
    ...{ merge: id, program, source, target, reason: 'one household', keepFrom: at },
    ...{ requestedBy: 'maria', hash: 'h' },
  };
  const metadata = { program, occurredAt: at, recordedAt: at, actor: 'a', correlationId: 'c' };
  const event = newEvent(
    factId('merge', program, id),
    0,
    { type: 'MergeRequested', data },
    metadata,
  );
  const expected = merges === 1 ? ('noStream' as const) : merges - 2;
  await service.store.append([{ stream: streamName('merge', program), expected, events: [event] }]);
  await service.caughtUp();
};

describe('a merged account', () => {
  it('is told with the account that has its points now, whoever it went through', async () => {
    const [ann, bob, cat] = [await enrolled('1'), await enrolled('2'), await enrolled('3')];
    expect(await lookUp('1')).toMatchObject({ account: ann.account, successor: null });
    await merge(ann.account, bob.account);
    expect(await lookUp('1')).toMatchObject({ account: ann.account, successor: bob.account });
    await merge(bob.account, cat.account);
    for (const card of ['1', '2'])
      expect(await lookUp(card)).toMatchObject({ successor: cat.account });
    expect(await lookUp('3')).toMatchObject({ account: cat.account, successor: null });
    const read = await service.call('GET', `/v1/members/${program}/${ann.member}`, { as: manager });
    expect(read.body).toMatchObject({ account: ann.account, successor: cat.account });
  });

  it('is known again when the rows are made again from the store', async () => {
    const [dan, eve] = [await enrolled('4'), await enrolled('5')];
    await merge(dan.account, eve.account);
    await service.db.query('truncate merged_accounts');
    await service.db.query('update rebuilt_to set position = 0');
    expect(await lookUp('4')).toMatchObject({ successor: null });
    await rebuild({
      ...{ db: service.db, store: service.store, clock: systemClock },
      ...{ cardTokens: createCardTokens(Buffer.alloc(32, 1)) },
      ...{ masterKeys: masterKeys(Buffer.alloc(32, 2)), log: pino({ level: 'silent' }) },
    });
    expect(await lookUp('4')).toMatchObject({ successor: eve.account });
  });
});
