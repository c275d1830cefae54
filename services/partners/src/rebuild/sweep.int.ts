import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { StoreUnavailable } from '@tallystick/event-store';
import { addMs, instant, programId, systemClock } from '@tallystick/kernel';
import { masterKeys } from '@tallystick/sealing';
import { createCardTokens } from '@tallystick/service-host';
import {
  dyingStore,
  testDeployment,
  type Deployment,
  type TestService,
} from '@tallystick/testing/service';
import { issueKey as issue } from '../keys/issue-key.js';
import { revokeKey } from '../keys/revoke-key.js';
import type { Parts } from '../parts.js';
import { contentOf, earnEvent, hashOf } from '../receive/earn-event.js';
import { keepBody } from '../receive/evidence.js';
import { receive } from '../receive/receive.js';
import { register } from '../register/register.js';
import { deliver, program, registerPartner, visit } from '../testing/fixtures.js';
import { startPartners } from '../testing/start-partners.js';
import { Keeper } from './keeper.js';
import { rebuild } from './rebuild.js';
import { sweep } from './sweep.js';

const context = { correlationId: 'c', traceparent: '', actor: 'manager:maria' };
const cardTokens = createCardTokens(Buffer.alloc(32, 1));

let deployment: Deployment;
let service: TestService;
let parts: Parts;

beforeAll(async () => {
  deployment = await testDeployment();
  service = await startPartners(deployment);
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
const late: Parts['clock'] = () => addMs(systemClock(), 120_000);
const of = (partner: string) => ({ program: programId(program), partner });

const typesOf = async (partner: string): Promise<string[]> => {
  const types: string[] = [];
  for await (const { type, data } of service.store.readAll())
    if (data.includes(`"partner":"${partner}"`)) types.push(type);
  return types;
};

const delivery = (partner: string, event: string, card = visit.card) => {
  const ref = { ...of(partner), event };
  const content = contentOf(earnEvent.parse({ ...visit, card }), (number) =>
    cardTokens.tokenOf(ref.program, number),
  );
  if (content === undefined) throw new Error('no content');
  const { bodyHash, sealed } = keepBody(parts.masterKeys, ref, Buffer.from('{}'));
  return {
    of: ref,
    data: {
      ...ref,
      ...content,
      hash: hashOf(ref, content),
      bodyHash,
      signature: 'v1,x',
      keyId: 'key_x',
    },
    sentAt: 0,
    receivedAt: instant('2026-01-31T09:30:01Z'),
    body: sealed,
    context,
  };
};

/** What is in the store the service itself may have noted meanwhile. */
const sweepsUp = async (when: 'before' | 'after'): Promise<void> => {
  const ended = await sweep({ ...parts, clock: late });
  expect(ended).toBeGreaterThanOrEqual(when === 'before' ? 1 : 0);
  expect(await sweep({ ...parts, clock: late })).toBe(0);
};

describe.each(['before', 'after'] as const)(
  'a process that dies %s its events are in the store',
  (when) => {
    const name = (what: string): string => `${what}-${when}`;

    it('while it registers a partner: registering again ends it, or the sweep', async () => {
      for (const how of ['request', 'sweep']) {
        const partner = name(how);
        await expect(register(dying(when), of(partner), 'Fly', context)).rejects.toThrow(
          StoreUnavailable,
        );
        if (how === 'sweep') await sweepsUp(when);
        const { status } = await service.call('POST', '/v1/partners', {
          body: { program, partner, name: 'Fly' },
        });
        expect(status).toBe(200);
        expect(await typesOf(partner)).toEqual(['PartnerRegistered', 'PartnerKeyIssued']);
      }
    });

    it('while it issues and revokes keys: the sweep ends it', async () => {
      const partner = name('keys');
      const { keyId } = await registerPartner(service, partner);
      await expect(issue(dying(when), of(partner), 'k', context)).rejects.toThrow(StoreUnavailable);
      await expect(revokeKey(dying(when), of(partner), keyId, context)).rejects.toThrow(
        StoreUnavailable,
      );
      expect(await sweep(parts)).toBe(0); // they may still be at work
      await sweep({ ...parts, clock: late });
      expect((await typesOf(partner)).sort()).toEqual([
        'PartnerKeyIssued',
        'PartnerKeyIssued',
        'PartnerKeyRevoked',
        'PartnerRegistered',
      ]);
      expect(await sweep({ ...parts, clock: late })).toBe(0);
    });

    it('while it takes an event: the next delivery ends it, or the sweep; the first content stands', async () => {
      const partner = name('events');
      const { secret } = await registerPartner(service, partner);
      for (const how of ['delivery', 'sweep']) {
        await expect(receive(dying(when), delivery(partner, how))).rejects.toThrow(
          StoreUnavailable,
        );
        if (how === 'sweep') await sweepsUp(when);
        const other = await deliver(service, {
          partner,
          secret,
          id: how,
          event: { ...visit, card: '1' },
        });
        expect(other.status).toBe(409);
        const again = await deliver(service, { partner, secret, id: how });
        expect([again.status, again.body]).toEqual([202, expect.objectContaining({ known: true })]);
      }
      const types = await typesOf(partner);
      expect(types.filter((type) => type === 'PartnerEventReceived')).toHaveLength(2);
    });
  },
);

it('rows are kept up with the store while the service runs, so that a start has nothing to go through', async () => {
  const { secret } = await registerPartner(service, 'kept-up');
  await deliver(service, { partner: 'kept-up', secret, id: 'e1' });
  await new TurnByTurn(parts).next();
  expect(await rebuild(parts)).toBe(0);
});

it('a store without partners is not read from its beginning each time', async () => {
  await rebuild(parts);
  const { rows } = await service.db.query('select position::text from rebuilt_to');
  expect(rows).toEqual([{ position: (await service.store.head()).toString() }]);
});

it('rows are gone through again where a migration sets them back meanwhile', async () => {
  await registerPartner(service, 'set-back');
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

it('an event that only the store remembers counts, whatever is delivered after', async () => {
  const { secret } = await registerPartner(service, 'forgetful');
  await deliver(service, { partner: 'forgetful', secret, id: 'e1' });
  await service.db.query('delete from events where partner = $1', ['forgetful']);
  const other = await deliver(service, {
    partner: 'forgetful',
    secret,
    id: 'e1',
    event: { ...visit, card: '1' },
  });
  expect(other.problem).toBe('partner-event-conflict');
  const again = await deliver(service, { partner: 'forgetful', secret, id: 'e1' });
  expect([again.status, again.body]).toEqual([202, expect.objectContaining({ known: true })]);
});
