import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AccountCache, Accounts, readAccount } from '@tallystick/accounts';
import { StoreUnavailable, type EventStore } from '@tallystick/event-store';
import {
  accountId,
  factId,
  instant,
  ledgerStream,
  systemClock,
  type AccountId,
  type Instant,
} from '@tallystick/kernel';
import {
  decideClose,
  decideGiveBack,
  decideMergeIn,
  decideMergeOut,
  decideUseCertificate,
  type LedgerEvent,
} from '@tallystick/ledger';
import type { TokenClaims } from '@tallystick/service-host';
import {
  eventually,
  testDeployment,
  type Deployment,
  type TestService,
} from '@tallystick/testing/service';
import { postDue } from '../clock/post-due.js';
import { Catalog } from '../programs/catalog.js';
import { maria, openClub, publish, type Club } from '../testing/club.js';
import { startAccrual } from '../testing/start-accrual.js';
import { storeUntil } from '../testing/store-until.js';

/** Far ahead, so that no certificate of this test is over by itself. */
const years = { certificates: 3_650 };
const rules = {
  certificates: [
    {
      ...{ id: 'gift', by: 'spend', period: 'month', validDays: years.certificates },
      steps: [
        { from: '100', value: '5' },
        { from: '500', value: '40.50' },
      ],
    },
  ],
};

let deployment: Deployment;
let service: TestService;
let club: Club;

beforeAll(async () => {
  deployment = await testDeployment();
  service = await startAccrual(deployment, { env: { TALLYSTICK_CLOCK_EVERY_SECONDS: '0' } });
  club = await openClub(service, rules);
});
afterAll(async () => {
  await service.close();
  await deployment.drop();
});

let receipts = 0;
const day = '2026-05-05';
const sell = async (
  name: string,
  amount: string,
  {
    on = day,
    at = `${on}T12:00:00Z`,
    of = club,
    back,
  }: { on?: string; at?: string; of?: Club; back?: { number: string; on: string } } = {},
): Promise<string> => {
  receipts += 1;
  const number = String(receipts);
  const ref = { chain: 'c', store: 's', till: 't' };
  const line = { ordinal: 1, product: 'tea' };
  const body = {
    ...{ program: of.program, ...ref, number, businessDate: on, occurredAt: at },
    ...{ currency: 'GBP', card: `card of ${name}` },
    lines: [
      back === undefined
        ? { ...line, quantity: '1', amount }
        : {
            ...{ ...line, quantity: '-1', amount: `-${amount}` },
            original: { ...ref, number: back.number, businessDate: back.on, ordinal: 1 },
          },
    ],
  };
  const answer = await service.call('POST', '/v1/receipts', {
    as: { ...maria, roles: ['store', 'manager'], chains: ['*'], stores: ['*'] },
    body,
  });
  expect([answer.status, answer.body]).toMatchObject([200, { outcome: expect.any(String) }]);
  return number;
};
const open = async (name: string, of = club): Promise<AccountId> => {
  const account = await of.open(name);
  await of.attach(`card of ${name}`, name);
  return account;
};
const metadata = (of = club) => ({
  ...{ program: of.program, occurredAt: systemClock(), recordedAt: systemClock() },
  ...{ actor: 'test', correlationId: 'c' },
});
const partsOn = (store: EventStore, clock = systemClock) => ({
  accounts: new Accounts({ store, clock, cache: new AccountCache() }),
  ...{ catalog: new Catalog(store), clock },
});
/** What accrual's clock does with one account. */
const look = (account: AccountId, clock = systemClock, of = club): Promise<Instant | null> =>
  postDue(partsOn(service.store, clock), of.program, account, metadata(of));
const told = async (name: string, of = club) =>
  (await of.events(name))
    .filter(({ type }) => type.startsWith('Certificate'))
    .map(({ type, data }) => {
      const { valueMinor } = JSON.parse(data) as { valueMinor: number };
      return `${type} ${valueMinor}`;
    });
const list = async (name: string, as: typeof maria = maria) => {
  const path = `/v1/certificates/${club.program}/${name}`;
  return await service.call('GET', path, { as });
};
const nameOf = async (name: string): Promise<string> => {
  const { state } = await readAccount(service.store, club.program, accountId(name));
  return [...state.certificates.keys()][0] ?? 'none';
};
const use = (name: string, key: string) =>
  club.post(name, (state, at) => {
    const [certificate] = state.certificates.keys();
    const of = certificate ?? factId('certificate', 'none');
    const command = { use: factId('certificateuse', key), factHash: 'h', certificate: of };
    const decision = decideUseCertificate(state, { ...command, reference: 'till 7' }, at);
    return decision.kind === 'used'
      ? { kind: 'used', ...Object.fromEntries(decision.events.map((event) => ['event', event])) }
      : decision;
  });
const merge = async (from: string, to: string): Promise<void> => {
  const command = {
    ...{ fact: factId('merge', from, to), factHash: 'h', target: accountId(to) },
    ...{ reason: 'one household', keepFrom: instant('2020-01-01T00:00:00Z') },
  };
  const left: Extract<LedgerEvent, { type: 'AccountsMerged' }>[] = [];
  await club.post(from, (state, at) => {
    const decision = decideMergeOut(state, command, at);
    if (decision.kind === 'left') left.push(decision.event);
    return decision;
  });
  await club.post(to, (state, at) => {
    const [event] = left;
    if (event?.data.side !== 'source') throw new Error('it left');
    return decideMergeIn(state, event.data, at);
  });
};

describe('a gift certificate', () => {
  it('is given once its period is over, once, whoever looks, and is explained', async () => {
    const ann = await open('ann');
    await sell('ann', '60.00');
    await sell('ann', '45.50', { on: '2026-05-31' });
    await sell('ann', '900.00', { on: '2026-06-01' });
    const before = () => instant('2026-05-31T22:59:59.999Z');
    expect(await look(ann, before)).toBe('2026-05-31T23:00:00.000Z');
    expect(await told('ann')).toEqual([]);
    // Both the clocks of two processes, and one of them again.
    const june = () => instant('2026-06-15T00:00:00Z');
    const next = await Promise.all([look(ann, june), look(ann, june)]);
    expect([...next, await look(ann, june)]).toEqual(Array(3).fill('2026-06-30T23:00:00.000Z'));
    expect(await told('ann')).toEqual(['CertificateIssued 500']);
    expect(await list('ann')).toMatchObject({
      status: 200,
      body: {
        certificates: [
          {
            ...{ certificate: await nameOf('ann'), status: 'open', value: '5', currency: 'GBP' },
            period: { kind: 'month', first: '2026-05-01', last: '2026-05-31' },
            ...{ rule: 'gift', by: 'spend', reached: '105.5', threshold: '100', corrections: 0 },
            rulebook: { version: 1, hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
            now: { reached: '105.5', value: '5' },
            days: [
              { day: '2026-05-05', amount: '60' },
              { day: '2026-05-31', amount: '45.5' },
            ],
            receipts: [{ amount: '60' }, { amount: '45.5' }],
            uses: [],
          },
        ],
      },
    });
  });

  it('follows what comes late and back as long as nobody has used it, and not after', async () => {
    const bob = await open('bob');
    const first = await sell('bob', '120.00');
    await look(bob);
    const late = await sell('bob', '400.00', { on: '2026-05-30' });
    await look(bob);
    await sell('bob', '400.00', { on: '2026-07-01', back: { number: late, on: '2026-05-30' } });
    await look(bob);
    await sell('bob', '120.00', { on: '2026-07-01', back: { number: first, on: day } });
    await look(bob);
    const large = await sell('bob', '500.00', { on: '2026-05-29' });
    await look(bob);
    const all = ['Issued 500', 'Corrected 4050', 'Corrected 500', 'Corrected 0', 'Corrected 4050'];
    const events = all.map((one) => `Certificate${one}`);
    expect(await told('bob')).toEqual(events);

    await use('bob', 'bob');
    await sell('bob', '1.00', { on: '2026-05-28' });
    await sell('bob', '500.00', { on: '2026-07-02', back: { number: large, on: '2026-05-29' } });
    await look(bob);
    expect(await told('bob')).toEqual([...events, 'CertificateUsed 4050']);
    expect((await list('bob')).body).toMatchObject({
      certificates: [{ status: 'used', value: '40.5', now: { reached: '1', value: '0' } }],
    });
    await club.post('bob', (state, at) =>
      decideGiveBack(
        state,
        {
          ...{ fact: factId('certificateback', 'bob'), factHash: 'h', reason: 'cancelled' },
          ...{ use: factId('certificateuse', 'bob'), graceMs: 0 },
        },
        at,
      ),
    );
    await look(bob);
    expect((await told('bob')).slice(-2)).toEqual([
      'CertificateGivenBack 4050',
      'CertificateCorrected 0',
    ]);
  });

  it('is over on its day, and posted for that moment by whoever looks', async () => {
    const eve = await open('eve');
    await sell('eve', '100.00');
    await look(eve);
    const over = () => instant('2099-01-01T00:00:00Z');
    expect(await look(eve, over)).toBeNull();
    expect(await look(eve, over)).toBeNull();
    expect(await told('eve')).toEqual(['CertificateIssued 500', 'CertificateExpired 500']);
    const [expired] = (await club.events('eve')).slice(-1);
    // 3,650 days after 31 May.
    expect(expired?.metadata.occurredAt).toBe('2036-05-28T23:00:00.000Z');
    await expect(use('eve', 'eve')).rejects.toThrow('not-usable');
  });

  it('is given by the next process where one was killed', async () => {
    const dan = await open('dan');
    await sell('dan', '100.00', { on: '2026-04-05' });
    await sell('dan', '100.00');
    await expect(
      postDue(partsOn(storeUntil(service.store, 0)), club.program, dan, metadata()),
    ).rejects.toThrow(StoreUnavailable);
    expect(await told('dan')).toEqual([]);
    await look(dan);
    expect(await told('dan')).toEqual(['CertificateIssued 500', 'CertificateIssued 500']);
  });

  it('is carried by a closed period, and is not given again', async () => {
    const cid = await open('cid');
    await sell('cid', '100.00');
    await look(cid);
    const through = systemClock();
    const command = { fact: factId('closing', 'cid'), factHash: 'h', through };
    await club.post('cid', (state, at) =>
      decideClose(state, { ...command, keepFrom: through }, at),
    );
    await look(cid);
    expect(await told('cid')).toEqual(['CertificateIssued 500']);
    await use('cid', 'cid');
    await look(cid);
    expect((await list('cid')).body).toMatchObject({ certificates: [{ status: 'used' }] });
  });

  it('goes with a merge; the spend of both counts where only one had one', async () => {
    const [fay, gus] = [await open('fay'), await open('gus')];
    await sell('fay', '100.00');
    await sell('gus', '400.00', { on: '2026-04-05' });
    await look(fay);
    await look(gus);
    await merge('fay', 'gus');
    expect(await look(fay)).toBeNull();
    await look(gus);
    await sell('gus', '400.00');
    await look(gus);
    expect(await told('fay')).toEqual(['CertificateIssued 500']);
    // Gus has the certificate of his own April, and Fay's of May, which what he buys in May raises.
    expect(await told('gus')).toEqual(['CertificateIssued 500', 'CertificateCorrected 4050']);
    expect(await list('fay')).toMatchObject({
      ...{ status: 409, problem: 'account-merged', body: { successor: 'gus' } },
    });
    const fays: TokenClaims = { ...maria, sub: 'fay', roles: ['member'], account: 'fay' };
    expect((await list('gus', fays)).body).toMatchObject({ certificates: [{}, {}] });
  });

  it('is shown to staff and to its own member, and what is not there is told', async () => {
    const member: TokenClaims = { ...maria, sub: 'm', roles: ['member'] };
    expect((await list('ann', { ...member, account: 'ann' })).status).toBe(200);
    expect((await list('ann', { ...member, account: 'bob' })).status).toBe(403);
    expect(await list('nobody')).toMatchObject({ status: 404, problem: 'account-unknown' });
    const none = await service.call('GET', '/v1/certificates/none/ann', { as: maria });
    expect(none).toMatchObject({ status: 404, problem: 'program-unknown' });
  });

  it('is shown to the till, and how much of the basket it would pay', async () => {
    await open('hal');
    await sell('hal', '100.00');
    await look(accountId('hal'));
    const basket = {
      ...{ program: club.program, chain: 'c', store: 's', till: 't', number: 'basket' },
      ...{ businessDate: '2026-07-01', occurredAt: '2026-07-01T12:00:00Z', currency: 'GBP' },
      ...{ card: 'card of hal', lines: [{ ordinal: 1, product: 'p', quantity: '1', amount: '3' }] },
    };
    const calculate = async (body: object) =>
      (
        await service.call('POST', '/v1/receipts/calculate', {
          as: { ...maria, roles: ['store', 'manager'], chains: ['*'], stores: ['*'] },
          body,
        })
      ).body;
    const certificate = await nameOf('hal');
    const shown = { certificate, rule: 'gift', value: '5', validUntil: '2036-05-28T23:00:00.000Z' };
    expect(await calculate(basket)).toMatchObject({ certificates: [{ ...shown, pays: '3' }] });
    await use('hal', 'hal');
    expect(await calculate(basket)).toMatchObject({ certificates: [] });
    expect(await calculate({ ...basket, card: null })).toMatchObject({ certificates: [] });
  });
});

describe("accrual's clock", () => {
  let ticking: TestService;
  beforeAll(async () => {
    ticking = await startAccrual(deployment, { env: { TALLYSTICK_CLOCK_EVERY_SECONDS: '1' } });
  });
  afterAll(() => ticking.close());

  it('finds by itself who is due, late receipts and returns included', async () => {
    await open('ivy');
    const number = await sell('ivy', '100.00');
    await eventually(async () => (await told('ivy')).length === 1);
    await sell('ivy', '100.00', { on: '2026-07-01', back: { number, on: day } });
    await eventually(async () => (await told('ivy')).length === 2);
    expect(await told('ivy')).toEqual(['CertificateIssued 500', 'CertificateCorrected 0']);
  });

  it('looks once at all accounts where a version gives certificates that the one before did not', async () => {
    const plain = await openClub(service);
    await open('joe', plain);
    const now = systemClock();
    await sell('joe', '100.00', { on: now.slice(0, 10), at: now, of: plain });
    await eventually(async () => {
      const { rowCount } = await service.db.query('select from accounts where program = $1', [
        plain.program,
      ]);
      return rowCount === 1;
    });
    const stream = ledgerStream(plain.program, accountId('joe'));
    const due = async () => {
      const { rows } = await service.db.query<{ next_due: Date }>(
        'select next_due from due_accounts where stream = $1',
        [stream],
      );
      return rows[0]?.next_due.toISOString();
    };
    expect(await due()).toBeUndefined();
    // Time enough for two people to sign it.
    const begins = new Date(Date.now() + 8_000).toISOString();
    await publish(
      service,
      JSON.stringify({
        ...{ rulebook: 1, program: plain.program, version: 2, name: 'Club', effectiveFrom: begins },
        ...{ currency: 'GBP', timeZone: 'Europe/London', ...rules },
        earning: [{ id: 'base', points: 1, per: '1.00', rounding: 'down', level: 'receipt' }],
      }),
    );
    // The end of the month under way.
    await eventually(async () => /T(00|23):00:00.000Z$/.test((await due()) ?? ''));
  });
});
