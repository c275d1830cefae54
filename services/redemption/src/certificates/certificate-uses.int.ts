import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AccountCache, Accounts } from '@tallystick/accounts';
import type { EventStore } from '@tallystick/event-store';
import { addMs, factId, ledgerStream, localDate, type AccountId } from '@tallystick/kernel';
import type { CertificateIssued } from '@tallystick/ledger';
import { dyingStore, type Response, type TestService } from '@tallystick/testing/service';
import { z } from 'zod';
import type { Means } from '../orders/order.js';
import { Programs } from '../programs/programs.js';
import { program } from '../testing/club.js';
import { cutStore } from '../testing/cut-store.js';
import { memberOf, openHouse, refusal, store, type House } from '../testing/house.js';
import { useCertificate } from './use-certificate.js';

const dayMs = 86_400_000;
const steps = [{ from: '1', value: '12.50' }];
const gift = { id: 'gift', by: 'spend', period: 'year', steps, validDays: 366 } as const;

let house: House;
beforeAll(async () => {
  house = await openHouse();
  await house.club.publish(2, { certificates: [gift], refunds: { graceDays: 3 } });
  await house.service.caughtUp();
});
afterAll(async () => {
  await house.close();
});

/** As accrual's clock gives it for what was sold; over in a day. */
const give = async (account: AccountId, { minor = 1_250, version = 1 } = {}): Promise<string> => {
  const fact = factId('certificate', program, account, 'gift', '2026-01-01');
  const at = house.clock();
  const data: CertificateIssued['data'] = {
    ...{ fact, occurredAt: at, rule: 'gift', by: 'spend', reached: 100, from: '1' },
    period: { kind: 'year', first: localDate('2026-01-01'), last: localDate('2026-12-31') },
    ...{ rulebook: { version, hash: 'h' }, valueMinor: minor, currency: 'GBP' },
    ...{ validUntil: addMs(at, dayMs), funder: 'chain' },
  };
  await house.club.happen(account, fact, [{ type: 'CertificateIssued', data }]);
  return fact;
};

const deaths = {
  'before it wrote': (alive: EventStore) => dyingStore(alive, 'before'),
  'before it heard that it had written': (alive: EventStore) => dyingStore(alive, 'after'),
  'between two streams': cutStore,
};
/** What a process that dies at its next append works with. */
const dying = (die: (alive: EventStore) => EventStore): Means => {
  const { clock, service } = house;
  const dies = die(service.store);
  const accounts = new Accounts({ store: dies, clock, cache: new AccountCache() });
  return { store: dies, clock, accounts, programs: new Programs(dies) };
};

const use = (
  account: string,
  certificate: string,
  key: string,
  { by = house.service, as = store, reference = 'till 7' }: Partial<Asked> = {},
): Promise<Response> =>
  by.call('POST', '/v1/certificate-uses', {
    ...{ key, as, body: { program, account, certificate, reference } },
  });
const cancel = (
  used: string,
  key: string,
  { by = house.service, as = store, reason = 'cancelled' }: Partial<Asked> = {},
): Promise<Response> =>
  by.call('POST', `/v1/certificate-uses/${program}/${used}/cancellations`, {
    ...{ key, as, body: { reason } },
  });
interface Asked {
  readonly by: TestService;
  readonly as: typeof store | null;
  readonly reference: string;
  readonly reason: string;
}
const idOf = ({ body }: Response): string => z.looseObject({ use: z.string() }).parse(body).use;

describe('the use of a certificate', () => {
  it('pays once for its key, and is answered as before by any process', async () => {
    const account = await house.club.open('plain');
    const certificate = await give(account);
    const first = await use(account, certificate, 'plain');
    expect(first.status).toBe(201);
    expect(first.body).toEqual({
      ...{ use: idOf(first), program, account, certificate, value: '12.5', currency: 'GBP' },
      ...{ usedAt: expect.any(String), position: first.headers.get('tallystick-position') },
    });
    for (const by of [house.service, house.neighbour]) {
      const again = await use(account, certificate, 'plain', { by });
      expect([again.status, again.body]).toEqual([201, first.body]);
      expect(refusal(await use(account, certificate, 'plain', { by, reference: 'x' }))).toEqual([
        ...[422, 'idempotency-key-reused'],
      ]);
      const other = await use(account, certificate, 'other', { by });
      expect([...refusal(other), other.body]).toMatchObject([
        ...[409, 'certificate-not-usable', { certificateStatus: 'used' }],
      ]);
    }
  });

  it('asked for by many at once happens once', async () => {
    const account = await house.club.open('many');
    const certificate = await give(account);
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, n) =>
        use(account, certificate, `many-${n}`, {
          by: n % 2 === 0 ? house.service : house.neighbour,
        }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ problem }) => problem === 'certificate-not-usable')).toHaveLength(23);
  });

  it.each(Object.entries(deaths))(
    'is done once by the same request, where a process died %s',
    async (how, die) => {
      const key = how.replaceAll(' ', '-');
      const account = await house.club.open(key);
      const certificate = await give(account);
      const named = { account, follows: false };
      const asked = { program, certificate, reference: 'till 7' };
      const cause = { actor: 'store:till-7', correlationId: 'c' };
      await expect(useCertificate(dying(die), store.sub, key, asked, named, cause)).rejects.toThrow(
        'killed',
      );
      const first = await use(account, certificate, key);
      expect(first.status).toBe(201);
      expect((await use(account, certificate, key)).body).toEqual(first.body);
      expect(refusal(await use(account, certificate, `${key}-2`))[1]).toBe(
        'certificate-not-usable',
      );
      const stream = ledgerStream(program, account);
      const events = (await house.service.store.readStreams([stream])).get(stream) ?? [];
      expect(events.filter(({ type }) => type === 'CertificateUsed')).toHaveLength(1);
    },
  );

  it('is for what its period comes to by then: what came back since the clock looked counts', async () => {
    const account = await house.club.open('returned');
    const sold = await house.club.sell(account, 10);
    const [wrong, right] = [await give(account, { minor: 9_999, version: 2 }), 'returned'];
    const used = await use(account, wrong, right);
    expect(used.body).toMatchObject({ value: '12.5' });
    expect((await cancel(idOf(used), right)).status).toBe(201);
    await house.club.takeBack(account, sold);
    const none = await use(account, wrong, 'returned-2');
    expect([...refusal(none), none.body]).toMatchObject([
      ...[409, 'certificate-not-usable', { certificateStatus: 'withdrawn' }],
    ]);
  });

  it('of one that is over, or of none, is refused', async () => {
    const account = await house.club.open('over');
    const certificate = await give(account);
    expect(refusal(await use(account, 'none', 'none'))).toEqual([404, 'certificate-unknown']);
    expect(refusal(await use('nobody', certificate, 'nobody'))).toEqual([404, 'account-unknown']);
    house.pass(2 * dayMs);
    const late = await use(account, certificate, 'late');
    expect([...refusal(late), late.body]).toMatchObject([
      ...[409, 'certificate-not-usable', { certificateStatus: 'expired' }],
    ]);
  });

  it.each([
    ['nobody without a token', null, 401],
    ['no member', memberOf('plain'), 403],
    ['no store of another programme', { ...store, programs: ['other'] }, 403],
  ])('is for stores and managers: %s', async (_, as, status) => {
    expect((await use('plain', 'any', 'any', { as })).status).toBe(status);
    expect((await cancel('any', 'any', { as })).status).toBe(status);
  });
});

describe('a cancelled sale', () => {
  it('gives its certificate back, once, and it can be used again', async () => {
    const account = await house.club.open('back');
    const certificate = await give(account);
    const used = idOf(await use(account, certificate, 'back'));
    const first = await cancel(used, 'back');
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({ use: used, account, certificate, value: '12.5' });
    for (const by of [house.service, house.neighbour]) {
      expect((await cancel(used, 'back', { by })).body).toEqual(first.body);
      expect(refusal(await cancel(used, 'back', { by, reason: 'x' }))).toEqual([
        ...[422, 'idempotency-key-reused'],
      ]);
      expect(refusal(await cancel(used, 'other', { by }))).toEqual([409, 'already-given-back']);
    }
    // The first request again is no new use.
    expect(idOf(await use(account, certificate, 'back'))).toBe(used);
    expect((await use(account, certificate, 'again')).status).toBe(201);
    expect(refusal(await cancel('none', 'none'))).toEqual([404, 'certificate-use-unknown']);
  });

  it('gives one back whose date is over for the grace of the programme', async () => {
    const account = await house.club.open('grace');
    const certificate = await give(account);
    const used = idOf(await use(account, certificate, 'grace'));
    house.pass(2 * dayMs);
    expect((await cancel(used, 'grace')).status).toBe(201);
    house.pass(2 * dayMs);
    const again = await use(account, certificate, 'grace-2');
    expect(again.status).toBe(201);
    house.pass(2 * dayMs);
    expect((await cancel(idOf(again), 'grace-2')).status).toBe(201);
    house.pass(4 * dayMs);
    expect(refusal(await use(account, certificate, 'grace-3'))[1]).toBe('certificate-not-usable');
  });

  it('gives it to the account that the spender became part of', async () => {
    const [old, young] = [await house.club.open('old'), await house.club.open('young')];
    const certificate = await give(old);
    const first = await use(old, certificate, 'old');
    await house.club.merge(old, young, true);
    expect((await use(old, certificate, 'old')).body).toEqual(first.body);
    expect(refusal(await use(old, certificate, 'old-2'))).toEqual([409, 'account-merged']);
    expect((await cancel(idOf(first), 'old')).body).toMatchObject({ account: young, certificate });
    expect((await use(young, certificate, 'young')).status).toBe(201);
  });

  it('before a period was closed is remembered; what the account has forgotten is too old', async () => {
    const account = await house.club.open('closed');
    const certificate = await give(account);
    const used = await use(account, certificate, 'closed');
    house.pass(3 * dayMs);
    await house.club.close(account);
    for (const by of [house.service, house.neighbour]) {
      const again = await use(account, certificate, 'closed', { by });
      expect([again.status, again.body]).toEqual([201, used.body]);
      expect(refusal(await cancel(idOf(used), 'closed', { by }))).toEqual([
        ...[409, 'certificate-use-too-old'],
      ]);
    }
  });
});
