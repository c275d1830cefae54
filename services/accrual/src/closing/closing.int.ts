import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readAccount, readOn } from '@tallystick/accounts';
import { newEvent } from '@tallystick/event-store';
import { accountId, factId, ledgerStream, systemClock } from '@tallystick/kernel';
import { equationOf, valuation, type Account } from '@tallystick/ledger';
import {
  eventually,
  testDeployment,
  type Deployment,
  type TestService,
} from '@tallystick/testing/service';
import { KnownAccounts } from '../accounts/known-accounts.js';
import { maria, openClub, type Club } from '../testing/club.js';
import { mergeByTwo } from '../testing/merging.js';
import { startAccrual } from '../testing/start-accrual.js';
import { Closings } from './closings.js';

interface Outcome {
  readonly outcome: string;
  readonly reason: string | null;
  readonly known: boolean;
  readonly earned: number;
  readonly reversed: number;
}

let deployment: Deployment;
let service: TestService;
let club: Club;

beforeAll(async () => {
  deployment = await testDeployment();
  service = await startAccrual(deployment);
  club = await openClub(service, { returns: { windowDays: 30 } });
});
afterAll(async () => {
  await service.close();
  await deployment.drop();
});

const close = (through: string, { of = club, as = maria } = {}) =>
  service.call('POST', '/v1/closings', { body: { program: of.program, through }, as });
const find = async (through: string, of = club) =>
  (await service.call('GET', `/v1/closings/${of.program}/${through}`)).body as {
    status: string;
    closed: number;
    skipped: number;
    refused: number;
    refusals: object[];
  };
const ended = async (through: string, of = club) => {
  await eventually(async () => (await find(through, of)).status === 'done', 30_000);
  const { closed, skipped, refused } = await find(through, of);
  return [closed, skipped, refused];
};
const line = (quantity: number, more: object = {}) => ({
  ...{ ordinal: 1, product: 'tea', quantity: String(quantity), unitPrice: '1.00' },
  ...more,
});
const receipt = (number: string, day: string, lines: object[], more: object = {}) => ({
  ...{ program: club.program, chain: 'acme', store: '1', till: '1', number },
  ...{ businessDate: day, occurredAt: `${day}T12:00:00Z`, currency: 'GBP', card: '7007', lines },
  ...more,
});
const send = async (body: object, on = service): Promise<Outcome> => {
  const as = { ...maria, chains: ['*'], stores: ['*'] };
  const { status, body: outcome } = await on.call('POST', '/v1/receipts', { body, as });
  expect(status).toBe(200);
  return outcome as Outcome;
};
/** What a member sees, and what the books say. */
const seen = (state: Account) => ({
  value: valuation(state, systemClock()),
  totals: state.totals,
  equation: equationOf(state),
  spend: [...state.spend],
  lots: [...state.lots.keys()].sort(),
});

describe('a period', () => {
  const old = () => receipt('1', '2025-03-03', [line(100)]);
  const recent = () => receipt('2', '2025-12-20', [line(40)]);

  it('is closed for every account, once; folding begins there, and comes to the same', async () => {
    await club.open('ann');
    await club.open('bob');
    await club.attach('7007', 'ann');
    expect(await send(old())).toMatchObject({ outcome: 'awarded', earned: 100 });
    expect(await send(recent())).toMatchObject({ outcome: 'awarded', earned: 40 });
    const before = seen(await club.state('ann'));
    const answers = await Promise.all(Array.from({ length: 4 }, () => close('2025-12-31')));
    for (const { status, body } of answers) {
      expect(status).toBe(202);
      expect(body).toMatchObject({ through: '2025-12-31', requestedBy: 'maria' });
    }
    expect(await ended('2025-12-31')).toEqual([2, 0, 0]);
    expect((await close('2025-12-31')).body).toMatchObject({ status: 'done', closed: 2 });
    expect((await club.events('ann')).at(-1)).toMatchObject({ type: 'PeriodClosed' });
    expect(JSON.parse((await club.events('ann')).at(-1)?.data ?? '')).toMatchObject({
      through: '2026-01-01T00:00:00.000Z',
      keepFrom: '2025-11-01T00:00:00.000Z',
    });
    await service.caughtUp();
    const known = new KnownAccounts(service.db);
    const stream = ledgerStream(club.program, accountId('ann'));
    expect(await known.closedAt(stream)).toBe(3);
    const reads: number[] = [];
    const watched = {
      ...service.store,
      readStream: (...of: Parameters<typeof service.store.readStream>) => {
        reads.push(of[1]?.from ?? 0);
        return service.store.readStream(...of);
      },
    };
    const short = await readOn(watched, stream, undefined, (of) => known.closedAt(of));
    expect(Math.min(...reads)).toBe(3);
    expect(seen(short.state)).toEqual(before);
    expect([...short.state.facts.keys()]).toHaveLength(1);
    const whole = await readAccount(service.store, club.program, accountId('ann'));
    expect(seen(whole.state)).toEqual(before);
  });

  it('leaves behind what is older than the return window, and a duplicate of it is still recognised', async () => {
    const cold = await startAccrual(deployment);
    for (const on of [service, cold]) {
      const events = (await club.events('ann')).length;
      expect(await send(old(), on)).toMatchObject({ outcome: 'awarded', earned: 100, known: true });
      expect(await send(recent(), on)).toMatchObject({
        outcome: 'awarded',
        earned: 40,
        known: true,
      });
      expect(await club.events('ann')).toHaveLength(events);
    }
    await cold.close();
    const original = {
      chain: 'acme',
      store: '1',
      till: '1',
      number: '2',
      businessDate: '2025-12-20',
    };
    const back = receipt('3', '2026-01-05', [line(-10, { original })]);
    expect(await send(back)).toMatchObject({ outcome: 'awarded', reversed: 10 });
    expect((await club.value('ann')).unspent).toBe(130);
  });

  it('that is earlier than one that is closed is skipped, and so is an account that became part of another', async () => {
    await close('2025-06-30');
    expect(await ended('2025-06-30')).toEqual([0, 2, 0]);
    const which = { program: club.program, source: 'bob', target: 'ann' };
    expect(await mergeByTwo(service, which, { key: 'ba' })).toMatchObject({ status: 201 });
    await close('2026-03-31');
    expect(await ended('2026-03-31')).toEqual([1, 1, 0]);
    expect((await club.value('ann')).unspent).toBe(130);
  });

  it('has to be over, in a programme that there is, and is closed by its managers', async () => {
    const refused = async (of: ReturnType<typeof close>) => {
      const { status, problem } = await of;
      return [status, problem];
    };
    const today = new Date().toISOString().slice(0, 10);
    expect(await refused(close(today))).toEqual([422, 'period-not-over']);
    for (const never of ['yesterday', '0000-01-01', '9999-12-31'])
      expect(await refused(close(never))).toEqual([400, 'validation']);
    const store = { ...maria, roles: ['store' as const] };
    expect(await refused(close('2025-12-31', { as: store }))).toEqual([403, 'forbidden']);
    const elsewhere = { ...maria, programs: ['other'] };
    expect(await refused(close('2025-12-31', { as: elsewhere }))).toEqual([403, 'forbidden']);
    const none = await service.call('POST', '/v1/closings', {
      body: { program: 'none', through: '2025-12-31' },
    });
    expect(none.problem).toBe('program-unknown');
    const unknown = await service.call('GET', `/v1/closings/${club.program}/2020-12-31`);
    expect([unknown.status, unknown.problem]).toEqual([404, 'closing-unknown']);
  });
});

describe('the closing of many accounts', () => {
  it('goes on after a kill and with other processes beside it, and closes each account once', async () => {
    const many = await openClub(service);
    const names = Array.from({ length: 650 }, (_, n) => `many-${n}`);
    for (let from = 0; from < names.length; from += 50)
      await Promise.all(names.slice(from, from + 50).map((name) => many.open(name)));
    // Killed in the middle of its first batch: some of its accounts are closed, and it says nothing of that.
    await close('2025-12-31', { of: many });
    const other = await startAccrual(deployment);
    await service.close();
    service = await startAccrual(deployment);
    const [closed, skipped, refused] = await ended('2025-12-31', many);
    expect([closed, skipped, refused]).toEqual([650, 0, 0]);
    const counted = await service.db.query<{ events: number; streams: number }>(
      `select count(*)::int as events, count(distinct stream)::int as streams
       from eventstore.events where type = 'PeriodClosed' and stream like 'ledger-' || $1 || '-%'`,
      [many.program.replace('-', '%2D')],
    );
    expect(counted.rows).toEqual([{ events: 650, streams: 650 }]);
    await other.close();
  });

  it('says which accounts it could not close, and why; the others are closed', async () => {
    const of = await openClub(service);
    await of.open('well');
    const stream = ledgerStream(of.program, await of.open('strange'));
    const at = systemClock();
    const metadata = { occurredAt: at, recordedAt: at, actor: 'test', correlationId: 'test' };
    const unknown = newEvent(
      factId('test', 'strange'),
      0,
      { type: 'PointsTeleported', data: { points: 1 } },
      { ...metadata, program: of.program },
    );
    await service.store.append([{ stream, expected: 0, events: [unknown] }]);
    await close('2025-12-31', { of });
    expect(await ended('2025-12-31', of)).toEqual([1, 0, 1]);
    const { refusals } = await find('2025-12-31', of);
    expect(refusals).toEqual([
      {
        account: 'strange',
        reason: 'newer-release',
        detail: expect.stringContaining('Teleported'),
      },
    ]);
  });

  it('begins again at the account where it was, when its process died', async () => {
    const of = await openClub(service);
    await of.open('a');
    const jobs = new Closings(service.db);
    const period = { program: of.program, through: '2025-12-31' };
    await service.db.query(
      `insert into closings (program, through, until, keep_from, position, requested_by)
       values ($1, $2, '2026-01-01T00:00:00Z', '2025-01-01T00:00:00Z', 9000000000000, 'maria')`,
      [period.program, period.through],
    );
    await expect(jobs.advance(() => Promise.reject(new Error('killed')))).rejects.toThrow('killed');
    const stream = ledgerStream(of.program, accountId('a'));
    expect(
      await jobs.advance(() =>
        Promise.resolve({ closed: 1, skipped: 0, refusals: [], after: stream }),
      ),
    ).toBe(true);
    await jobs.advance((closing) => {
      expect(closing).toMatchObject({ after: stream, closed: 1, status: 'running' });
      return Promise.resolve({ closed: 0, skipped: 0, refusals: [], after: null });
    });
    expect(await find('2025-12-31', of)).toMatchObject({ status: 'done', closed: 1 });
  });
});
