import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { StoreUnavailable } from '@tallystick/event-store';
import { addMs, programId, systemClock } from '@tallystick/kernel';
import { transaction } from '@tallystick/postgres';
import { masterKeys } from '@tallystick/sealing';
import { createCardTokens } from '@tallystick/service-host';
import {
  dyingStore,
  testDeployment,
  type Deployment,
  type TestService,
} from '@tallystick/testing/service';
import { z } from 'zod';
import { enrol } from '../enrol/enrol.js';
import { linkCard } from '../link-card/link.js';
import { linkFact, memberIds } from '../member/ids.js';
import type { Parts } from '../parts.js';
import { publishProgram } from '../testing/programs.js';
import { startEnrollment } from '../testing/start-enrollment.js';
import { unlinkCard } from '../unlink-card/unlink.js';
import { Keeper } from './keeper.js';
import { rebuild } from './rebuild.js';
import { sweep } from './sweep.js';

const program = programId('bonus');
const cardTokens = createCardTokens(Buffer.alloc(32, 1));
const context = { correlationId: 'c', traceparent: '', actor: 'store:till-7' };

let deployment: Deployment;
let service: TestService;
let parts: Parts;

beforeAll(async () => {
  deployment = await testDeployment();
  service = await startEnrollment(deployment);
  await publishProgram(service, program);
  parts = {
    db: service.db,
    store: service.store,
    clock: systemClock,
    cardTokens,
    masterKeys: masterKeys(Buffer.alloc(32, 2)),
    log: pino({ level: 'silent' }),
  };
});
afterAll(async () => {
  await service.close();
  await deployment.drop();
});

/** What the service does every half minute. */
class TurnByTurn extends Keeper {
  async next(): Promise<void> {
    await this.turn();
  }
}

const dying = (when: 'before' | 'after'): Parts => ({
  ...parts,
  store: dyingStore(service.store, when),
});

const wanted = (key: string, cards: readonly string[]) => ({
  ...memberIds(cardTokens, program, key),
  shared: false,
  cards: cards.map((card) => cardTokens.tokenOf(program, card)),
  since: null,
  personal: { name: 'Zofia' },
});

const request = (key: string, cards: readonly string[]) =>
  service.call('POST', '/v1/members', {
    key,
    body: { program, cards, personal: { name: 'Zofia' } },
  });

const memberEvents = async (member: string): Promise<string[]> => {
  const types: string[] = [];
  for await (const { type, data } of service.store.readAll({ categories: ['member'] }))
    if (data.includes(member)) types.push(type);
  return types;
};

const unfinished = async (): Promise<number> => {
  const { rows } = await service.db.query(
    `select (select count(*) from members where not appended)::int
          + (select count(*) from cards where not appended)::int as count`,
  );
  return z.array(z.object({ count: z.int() })).parse(rows)[0]?.count ?? -1;
};

const late: Parts['clock'] = () => addMs(systemClock(), 120_000);

afterEach(async () => {
  expect(await unfinished()).toBe(0);
});

describe.each(['before', 'after'] as const)(
  'a process that dies %s its events are in the store',
  (when) => {
    const name = (what: string): string => `${what}-${when}`;

    it('while it enrols: the same request ends it', async () => {
      const key = name('enrol');
      const item = wanted(key, [name('card')]);
      await expect(enrol(dying(when), program, [item], context)).rejects.toThrow(StoreUnavailable);
      // Nobody else gets the card meanwhile.
      expect((await request(name('other'), [name('card')])).status).toBe(409);

      const changed = await request(key, [name('changed')]);
      expect([changed.status, changed.problem]).toEqual([422, 'idempotency-key-reused']);
      const { status, body } = await request(key, [name('card')]);
      expect(status).toBe(when === 'before' ? 201 : 200);
      expect(body).toMatchObject({ member: item.member });
      expect(await memberEvents(item.member)).toEqual(['MemberEnrolled', 'CardLinked']);
    });

    it('while it enrols, and nobody asks again: the sweep ends it', async () => {
      const item = wanted(name('left'), [name('left-1'), name('left-2')]);
      await expect(enrol(dying(when), program, [item], context)).rejects.toThrow(StoreUnavailable);
      expect(await sweep(parts)).toBe(0); // it may still be at work
      const ended = await sweep({ ...parts, clock: late });
      // What is in the store the service itself may have noted meanwhile.
      expect(ended).toBeGreaterThanOrEqual(when === 'before' ? 1 : 0);
      expect(await unfinished()).toBe(0);
      expect(await memberEvents(item.member)).toEqual([
        'MemberEnrolled',
        'CardLinked',
        'CardLinked',
      ]);
      expect((await request(name('left'), [name('left-1'), name('left-2')])).status).toBe(200);
    });

    it('while it links a card: the same request ends it, or the sweep', async () => {
      for (const how of ['request', 'sweep']) {
        const owner = memberIds(cardTokens, program, name(`linker-${how}`));
        const number = name(`linked-by-${how}`);
        await request(name(`linker-${how}`), []);
        const link = {
          program,
          member: owner.member,
          card: cardTokens.tokenOf(program, number),
          fact: linkFact(cardTokens, program, owner.member, 'k'),
          context,
        };
        await expect(linkCard(dying(when), link)).rejects.toThrow(StoreUnavailable);
        expect((await request(name(`other-${how}`), [number])).status).toBe(409);
        const path = `/v1/members/${program}/${owner.member}/cards`;
        const changed = await service.call('POST', path, { key: 'k', body: { card: 'another' } });
        expect([changed.status, changed.problem]).toEqual([422, 'idempotency-key-reused']);
        if (how === 'sweep') await sweep({ ...parts, clock: late });
        const { status, body } = await service.call('POST', path, {
          key: 'k',
          body: { card: number },
        });
        expect(status).toBe(how === 'request' && when === 'before' ? 201 : 200);
        expect(body).toMatchObject({ account: owner.account });
        expect(await memberEvents(owner.member)).toEqual(['MemberEnrolled', 'CardLinked']);
      }
    });
  },
);

describe('rows that are lost', () => {
  it('of one member are made again when it is asked for', async () => {
    const { member } = memberIds(cardTokens, program, 'lost');
    await request('lost', ['lost-card']);
    await service.db.query('delete from members where member = $1', [member]);
    await service.db.query('delete from cards where member = $1', [member]);
    const { status, body } = await service.call('GET', `/v1/members/${program}/${member}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ member, personal: null });
    const found = await service.call('POST', '/v1/cards/lookup', {
      body: { program, card: 'lost-card' },
    });
    expect(found.body).toMatchObject({ member });
  });

  it('get their personal data back from the repeated request', async () => {
    const { member } = memberIds(cardTokens, program, 'refilled');
    await request('refilled', []);
    await service.db.query('delete from members where member = $1', [member]);
    expect((await request('refilled', [])).status).toBe(200);
    const { body } = await service.call('GET', `/v1/members/${program}/${member}`);
    expect(body).toMatchObject({ personal: { name: 'Zofia' } });
  });

  it('all of them, are made again before the service opens: programmes, members, cards', async () => {
    const { member } = memberIds(cardTokens, program, 'survivor');
    await request('survivor', ['survivor-card', 'survivor-card-2']);
    await service.db.query('truncate programs, members, cards');
    await service.db.query('update rebuilt_to set position = 0');
    const restarted = await startEnrollment(deployment);
    try {
      const thief = await restarted.call('POST', '/v1/members', {
        key: 'thief',
        body: { program, cards: ['survivor-card'] },
      });
      expect([thief.status, thief.problem]).toEqual([409, 'card-linked-elsewhere']);
      const { body } = await restarted.call('GET', `/v1/members/${program}/${member}`);
      expect(z.object({ cards: z.array(z.unknown()) }).parse(body).cards).toHaveLength(2);
      expect((await request('survivor', ['survivor-card', 'survivor-card-2'])).status).toBe(200);
      const again = await request('survivor', ['survivor-card']);
      expect([again.status, again.problem]).toEqual([422, 'idempotency-key-reused']);
    } finally {
      await restarted.close();
    }
  });

  it('are kept up with the store while the service runs, so that a start has nothing to go through', async () => {
    await request('kept-up', ['kept-up-card']);
    await new TurnByTurn(parts).next();
    expect(await rebuild(parts)).toBe(0);
  });

  it('give a card free whose leaving was cut off', async () => {
    const { member } = memberIds(cardTokens, program, 'leaver');
    await request('leaver', ['left-behind']);
    const card = cardTokens.tokenOf(program, 'left-behind');
    const fact = linkFact(cardTokens, program, member, 'leaves');
    const leaving = { program, member, card, fact, context };
    await expect(unlinkCard(dying('after'), leaving)).rejects.toThrow(StoreUnavailable);
    expect((await request('finder', ['left-behind'])).status).toBe(409);
    await new TurnByTurn(parts).next();
    expect((await request('finder', ['left-behind'])).status).toBe(201);
  });

  it('stay nobody’s where a leaving is committed while they are made', async () => {
    const { member } = memberIds(cardTokens, program, 'quitter');
    await request('quitter', ['quit']);
    const card = cardTokens.tokenOf(program, 'quit');
    await service.db.query('update rebuilt_to set position = 0');
    let making: Promise<number> = Promise.resolve(0);
    await transaction(service.db, async (tx) => {
      await tx.query(
        `with gone as (delete from cards where card = $1 returning *)
         insert into left_cards (program, card, since, until, member, account)
         select program, card, since, since, member, account from gone`,
        [card],
      );
      making = rebuild(parts);
      await sleep(300);
    });
    expect(await making).toBeGreaterThan(0);
    const { rows } = await service.db.query('select from cards where member = $1', [member]);
    expect(rows).toEqual([]);
  });

  it('are gone through again where a migration sets them back meanwhile', async () => {
    await request('set-back', []);
    await rebuild(parts);
    let setBack = false;
    const head = async (): Promise<bigint> => {
      if (!setBack) await service.db.query('update rebuilt_to set position = 0');
      setBack = true;
      return service.store.head();
    };
    const events = await rebuild({ ...parts, store: { ...service.store, head } });
    expect(events).toBeGreaterThan(0);
  });

  it('are not looked for again among what others wrote', async () => {
    await rebuild(parts);
    const { rows } = await service.db.query('select position::text from rebuilt_to');
    expect(rows).toEqual([{ position: (await service.store.head()).toString() }]);
  });
});
