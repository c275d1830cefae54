import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AccountCache, Accounts } from '@tallystick/accounts';
import { StoreUnavailable, type EventStore } from '@tallystick/event-store';
import {
  Points,
  accountId,
  addMs,
  factId,
  inactiveFrom,
  instant,
  ledgerStream,
  systemClock,
  timeZone,
  type Instant,
} from '@tallystick/kernel';
import { decideHold, decideRedeem } from '@tallystick/ledger';
import {
  eventually,
  testDeployment,
  type Deployment,
  type TestService,
} from '@tallystick/testing/service';
import { Catalog } from '../programs/catalog.js';
import { openClub, type Club } from '../testing/club.js';
import { startAccrual } from '../testing/start-accrual.js';
import { storeUntil } from '../testing/store-until.js';
import { DueAccounts, type DueAccount, type Looked } from './due-accounts.js';
import { postDue } from './post-due.js';

const p = (count: number) => Points.points(count);
const lapsed = (count: number, at: string) => ({ points: p(count), expiresAt: instant(at) });
const future = instant('2099-01-01T00:00:00Z');

let deployment: Deployment;
let service: TestService;
let club: Club;

beforeAll(async () => {
  deployment = await testDeployment();
  service = await startAccrual(deployment, { env: { TALLYSTICK_CLOCK_EVERY_SECONDS: '0' } });
  club = await openClub(service);
});
afterAll(async () => {
  await service.close();
  await deployment.drop();
});

const posted = async (name: string) =>
  (await club.events(name))
    .filter(({ type }) => type === 'PointsExpired' || type === 'HoldReleased')
    .map(({ type, data, metadata }) => {
      const { points, occurredAt } = JSON.parse(data) as { points: number; occurredAt: string };
      expect(metadata.occurredAt).toBe(occurredAt);
      return [type, points, occurredAt];
    });
const nextDue = async (name: string): Promise<string | null> => {
  const { rows } = await service.db.query<{ next_due: Date }>(
    'select next_due from due_accounts where stream = $1',
    [ledgerStream(club.program, accountId(name))],
  );
  return rows[0]?.next_due.toISOString() ?? null;
};
const hold = (name: string, points: number, lapsesAt: Instant): Promise<void> =>
  club.post(name, (account, at) =>
    decideHold(
      account,
      {
        ...{ hold: factId('hold', club.program, name), factHash: 'h', points: p(points) },
        ...{ kind: 'discount', reference: 'r', lapsesAt },
      },
      at,
    ),
  );
const settled = async (name: string): Promise<void> => {
  await service.caughtUp();
  await eventually(async () => {
    const { lapsed: there } = await club.value(name);
    const due = await nextDue(name);
    return there === 0 && (due === null || due > systemClock());
  });
};

describe('what has lapsed on an account', () => {
  const metadata = () => ({
    ...{ program: club.program, occurredAt: systemClock(), recordedAt: systemClock() },
    ...{ actor: 'test', correlationId: 'c' },
  });
  const partsOn = (store: EventStore, clock = systemClock) => ({
    accounts: new Accounts({ store, clock, cache: new AccountCache() }),
    ...{ catalog: new Catalog(store), clock },
  });
  const months = Array.from({ length: 6 }, (_, n) => `2024-0${n + 1}-01T00:00:00Z`);
  const inMonths = months.map((at) => ['PointsExpired', 1, instant(at)]);

  it('is posted on by the next process, where one was killed', async () => {
    const account = await club.open(
      'dan',
      months.map((at) => lapsed(1, at)),
    );
    const cut = partsOn(storeUntil(service.store, 2));
    await expect(postDue(cut, club.program, account, metadata())).rejects.toThrow(StoreUnavailable);
    expect(await posted('dan')).toEqual(inMonths.slice(0, 2));
    const parts = partsOn(service.store);
    expect(await postDue(parts, club.program, account, metadata())).toBeNull();
    expect(await postDue(parts, club.program, account, metadata())).toBeNull();
    expect(await posted('dan')).toEqual(inMonths);
  });

  it('after inactivity is looked at again when the account earned or spent meanwhile', async () => {
    const soon = addMs(systemClock(), 60_000);
    const inactivity = { months: 1, timeZone: 'Europe/London' };
    const account = await club.open('eve', [{ points: p(5), expiresAt: soon, inactivity }]);
    await club.post('eve', (state, at) =>
      decideRedeem(
        state,
        {
          ...{ redemption: factId('redemption', club.program, 'eve'), factHash: 'h', points: p(2) },
          ...{ kind: 'discount', reference: 'r' },
        },
        at,
      ),
    );
    const later = () => addMs(soon, 60_000);
    const then = await postDue(partsOn(service.store, later), club.program, account, metadata());
    expect(then).toBe(inactiveFrom(systemClock(), 1, timeZone('Europe/London')));
    expect(await posted('eve')).toEqual([]);
    const over = () => then ?? future;
    expect(
      await postDue(partsOn(service.store, over), club.program, account, metadata()),
    ).toBeNull();
    expect(await posted('eve')).toEqual([['PointsExpired', 3, then]]);
  });

  it('is the same to the byte, whether it is posted in time, or all of it late', async () => {
    const lots = months.map((at) => lapsed(1, at));
    const inTime = await club.open('timely', lots);
    const late = await club.open('late', lots);
    for (const month of months)
      await postDue(
        partsOn(service.store, () => addMs(instant(month), 60_000)),
        ...([club.program, inTime, metadata()] as const),
      );
    await postDue(partsOn(service.store), club.program, late, metadata());
    const told = async (name: string) =>
      (await club.events(name))
        .filter(({ type }) => type === 'PointsExpired')
        .map(({ data }) => data.replaceAll(name, 'x'));
    expect(await told('late')).toEqual(await told('timely'));
    expect(await told('late')).toHaveLength(6);
  });

  it('is not spendable before it is posted either', async () => {
    await club.open('unposted', [lapsed(9, '2024-01-01T00:00:00Z')]);
    expect(await club.value('unposted')).toMatchObject({ available: 0, lapsed: 9 });
    await expect(hold('unposted', 1, future)).rejects.toThrow('insufficient');
  });
});

describe('the accounts that are due', () => {
  const due = () => new DueAccounts(service.db, new Catalog(service.store));
  const now = instant('2020-01-01T00:00:00Z');
  const noted = async (name: string, expiresAt: string): Promise<DueAccount> => {
    const account = await club.open(name);
    const stream = ledgerStream(club.program, account);
    await service.caughtUp();
    await tell(stream, expiresAt);
    return { stream, program: club.program, account };
  };
  const tell = (stream: DueAccount['stream'], lapsesAt: string): Promise<void> =>
    due().note([
      {
        ...{ stream, revision: 1, recordedAt: now, parts: 0 },
        event: {
          type: 'PointsHeld',
          data: {
            ...{ hold: factId('h', '1'), factHash: 'h', occurredAt: now, points: p(1) },
            ...{ lapsesAt: instant(lapsesAt), kind: 'k', reference: 'r', allocations: [] },
          },
        },
      },
    ]);
  const nothing = (accounts: readonly DueAccount[]): ReadonlyMap<DueAccount['stream'], Looked> =>
    new Map(accounts.map(({ stream }) => [stream, { kind: 'done', nextDue: null }]));
  const takeAll = async (): Promise<string[]> => {
    const names: string[] = [];
    await due().take(now, 100, (accounts) => {
      names.push(...accounts.map(({ account }) => account));
      return Promise.resolve(nothing(accounts));
    });
    return names;
  };

  it('are taken in the order in which they are due, and an earlier date counts', async () => {
    await noted('second', '2019-01-02T00:00:00Z');
    const first = await noted('first', '2019-05-01T00:00:00Z');
    await noted('not-yet', '2020-01-01T00:00:01Z');
    await tell(first.stream, '2019-01-01T00:00:00Z');
    await tell(first.stream, '2019-09-01T00:00:00Z');
    expect(await takeAll()).toEqual(['first', 'second']);
    expect(await takeAll()).toEqual([]);
  });

  it("keep a date that is noted while they are looked at, and are nobody else's meanwhile", async () => {
    const { stream } = await noted('raced', '2019-01-01T00:00:00Z');
    let telling: Promise<void> | undefined;
    await due().take(now, 100, async (accounts) => {
      expect(await takeAll()).toEqual([]);
      telling = tell(stream, '2019-03-01T00:00:00Z');
      return nothing(accounts);
    });
    await telling;
    expect(await takeAll()).toEqual(['raced']);
  });

  it('that fail are left alone for a while, and do not stand in the way of others', async () => {
    const failing = await noted('failing', '2018-01-01T00:00:00Z');
    await due().take(now, 1, () =>
      Promise.resolve(new Map([[failing.stream, { kind: 'failed' }]])),
    );
    await noted('behind', '2019-01-01T00:00:00Z');
    expect(await takeAll()).toEqual(['behind']);
    await service.db.query(`update due_accounts set rests_until = now() where rests_until > now()`);
    expect(await takeAll()).toEqual(['failing']);
  });

  it('are due again when the process that took them dies', async () => {
    await noted('died', '2019-01-01T00:00:00Z');
    await expect(due().take(now, 100, () => Promise.reject(new Error('killed')))).rejects.toThrow(
      'killed',
    );
    expect(await takeAll()).toEqual(['died']);
  });
});

describe("accrual's clock, once it ticks", () => {
  let ticking: TestService;
  beforeAll(async () => {
    ticking = await startAccrual(deployment, { env: { TALLYSTICK_CLOCK_EVERY_SECONDS: '1' } });
  });
  afterAll(() => ticking.close());

  it('posts what has lapsed, moment by moment, however long it was off, and notes when to look again', async () => {
    await club.open('ann', [
      lapsed(3, '2024-03-01T00:00:00Z'),
      lapsed(1, '2023-01-01T00:00:00Z'),
      lapsed(2, '2024-03-01T00:00:00Z'),
      lapsed(50, '2098-01-01T00:00:00Z'),
      { points: p(7) },
    ]);
    await settled('ann');
    expect(await posted('ann')).toEqual([
      ['PointsExpired', 1, '2023-01-01T00:00:00.000Z'],
      ['PointsExpired', 5, '2024-03-01T00:00:00.000Z'],
    ]);
    expect(await club.value('ann')).toMatchObject({ available: 57, lapsed: 0 });
    await eventually(async () => (await nextDue('ann')) === '2098-01-01T00:00:00.000Z');
  });

  it('gives back what a lapsed hold reserves, and posts what of it has lapsed meanwhile', async () => {
    const soon = addMs(systemClock(), 1_500);
    await club.open('bob', [{ points: p(10), expiresAt: soon }, { points: p(5) }]);
    await hold('bob', 12, addMs(soon, 500));
    await eventually(async () => (await posted('bob')).length === 2, 20_000);
    await settled('bob');
    expect((await posted('bob')).map(([type, points]) => [type, points])).toEqual([
      ['HoldReleased', 12],
      ['PointsExpired', 10],
    ]);
    expect(await club.value('bob')).toMatchObject({ unspent: 5, available: 5, held: 0 });
    await eventually(async () => (await nextDue('bob')) === null);
  });

  it('posts a lot twice for one moment where points came back to it', async () => {
    const soon = addMs(systemClock(), 1_500);
    await club.open('cid', [{ points: p(10), expiresAt: soon }]);
    await hold('cid', 5, addMs(soon, 1_500));
    await eventually(async () => (await posted('cid')).length === 3, 20_000);
    expect((await posted('cid')).map(([type, points]) => [type, points])).toEqual([
      ['PointsExpired', 5],
      ['HoldReleased', 5],
      ['PointsExpired', 5],
    ]);
  });

  it('posts once, when several processes look at once and the bus tells everything again', async () => {
    const others = await Promise.all(
      [1, 2].map(() => startAccrual(deployment, { env: { TALLYSTICK_CLOCK_EVERY_SECONDS: '1' } })),
    );
    const names = Array.from({ length: 40 }, (_, n) => `many-${n}`);
    await Promise.all(names.map((name) => club.open(name, [lapsed(2, '2024-01-01T00:00:00Z')])));
    await Promise.all(names.map(settled));
    // As the bus would, from the beginning: the first date comes again.
    for (let turn = 0; turn < 3; turn += 1) {
      await service.db.query(
        `insert into due_accounts (stream, next_due)
         select stream, '2024-01-01' from accounts where program = $1 on conflict do nothing`,
        [club.program],
      );
      await Promise.all(names.map(settled));
    }
    for (const name of names)
      expect(await posted(name)).toEqual([['PointsExpired', 2, '2024-01-01T00:00:00.000Z']]);
    await Promise.all(others.map((other) => other.close()));
  });

  it('is off with 0, and the start says what is wrong with any other value', async () => {
    for (const seconds of ['-1', '1.5', '86401', 'often'])
      await expect(
        startAccrual(deployment, { env: { TALLYSTICK_CLOCK_EVERY_SECONDS: seconds } }),
      ).rejects.toThrow('TALLYSTICK_CLOCK_EVERY_SECONDS is wrong: expected seconds from 1 to');
  });
});
