import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readOn } from '@tallystick/accounts';
import {
  Points,
  accountId,
  addMs,
  dayAt,
  factId,
  ledgerStream,
  systemClock,
  timeZone,
} from '@tallystick/kernel';
import { decideRedeem, decideRefund, equationOf, type Account } from '@tallystick/ledger';
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

jest.setTimeout(240_000);

/** Of what an event of a million bytes held some 5,000 lines and 3,000 redemptions. */
const receipts = 600;
const linesEach = 20;
const redemptions = 8_000;
const daysAgo = (days: number): string =>
  dayAt(addMs(systemClock(), -days * 86_400_000), timeZone('UTC'));

let deployment: Deployment;
let service: TestService;
let club: Club;
beforeAll(async () => {
  deployment = await testDeployment();
  service = await startAccrual(deployment);
  club = await openClub(service, { returns: { windowDays: 90 } });
});
afterAll(async () => {
  await service.close();
  await deployment.drop();
});

const till = { ...maria, chains: ['*'], stores: ['*'] };
const named = (number: string, day: string) => ({
  ...{ chain: 'acme', store: '1', till: '1', number, businessDate: day },
});
const receipt = (number: string, day: string, lines: readonly object[]) => ({
  ...{ program: club.program, ...named(number, day), occurredAt: `${day}T12:00:00Z` },
  ...{ currency: 'GBP', card: '7007', lines },
});
const line = (ordinal: number, quantity = '1', more: object = {}) => ({
  ...{ ordinal, product: `product-${ordinal}`, quantity, unitPrice: '10.00', ...more },
});
const redemption = (number: number | string) => factId('redemption', club.program, String(number));
const spend = (name: string, number: number | string, points: number): Promise<void> =>
  club.post(name, (state, at) =>
    decideRedeem(
      state,
      {
        ...{ redemption: redemption(number), factHash: 'h', points: Points.points(points) },
        ...{ kind: 'discount', reference: `till ${number}` },
      },
      at,
    ),
  );
const refund = (name: string, number: number): Promise<void> =>
  club.post(name, (state, at) => {
    const decision = decideRefund(
      state,
      {
        ...{ fact: factId('refund', redemption(number)), factHash: 'h', graceMs: 0 },
        ...{ redemption: redemption(number), reason: 'cancelled' },
      },
      at,
    );
    const [event] = decision.kind === 'refunded' ? decision.events : [];
    return event === undefined ? { kind: decision.kind } : { kind: decision.kind, event };
  });
/** Returns a line of a sale, at a process that has nothing in memory. */
const giveBack = async (number: string, sale: number, ordinal: number): Promise<unknown> => {
  const cold = await startAccrual(deployment);
  const original = { ...named(String(sale), daysAgo(5)), ordinal };
  const body = receipt(number, daysAgo(1), [line(ordinal, '-1', { original })]);
  const answer = await cold.call('POST', '/v1/receipts', { body, as: till });
  await cold.close();
  return answer.body;
};
const typesOf = async (name: string, from: number): Promise<readonly string[]> =>
  (await club.events(name)).slice(from).map(({ type }) => type);
const unspent = receipts * linesEach * 10 - redemptions;
const seen = async (name: string) => {
  const state: Account = await club.state(name);
  const { cameIn, isThereOrWentOut } = equationOf(state);
  expect(cameIn).toBe(isThereOrWentOut);
  return {
    facts: state.facts.size,
    lines: [...state.facts.values()].reduce((sum, { lines }) => sum + lines.length, 0),
    redemptions: state.redemptions.size,
    unspent: (await club.value(name)).unspent,
  };
};

describe('an account with more in its return window than an event holds', () => {
  it('is closed, and folded from there', async () => {
    await club.open('whale');
    await club.attach('7007', 'whale');
    const sales = Array.from({ length: receipts }, (_, sale) =>
      receipt(
        String(sale),
        daysAgo(5),
        Array.from({ length: linesEach }, (_, index) => line(index + 1)),
      ),
    );
    for (let from = 0; from < receipts; from += 200) {
      const body = { receipts: sales.slice(from, from + 200) };
      const { status } = await service.call('POST', '/v1/receipts/batch', { body, as: till });
      expect(status).toBe(200);
    }
    await Promise.all(
      Array.from({ length: redemptions }, (_, number) => spend('whale', number, 1)),
    );
    const before = await seen('whale');
    expect(before).toMatchObject({ lines: receipts * linesEach, redemptions, unspent });

    const revision = (await club.events('whale')).length;
    const through = daysAgo(2);
    await service.call('POST', '/v1/closings', { body: { program: club.program, through } });
    const path = `/v1/closings/${club.program}/${through}`;
    const closing = async () => (await service.call('GET', path)).body as { status: string };
    await eventually(async () => (await closing()).status === 'done', 60_000);
    expect(await closing()).toMatchObject({ closed: 1, skipped: 0, refused: 0 });
    const types = await typesOf('whale', revision);
    expect(types.length).toBeGreaterThan(10);
    expect(new Set(types.slice(0, -1))).toEqual(new Set(['EventPart']));
    expect(types.at(-1)).toBe('PeriodClosed');
    expect(await seen('whale')).toEqual(before);

    await service.caughtUp();
    const known = new KnownAccounts(service.db);
    const stream = ledgerStream(club.program, accountId('whale'));
    expect(await known.closedAt(stream)).toBe(revision);
    const reads: number[] = [];
    const watched = {
      ...service.store,
      readStream: (...of: Parameters<typeof service.store.readStream>) => {
        reads.push(of[1]?.from ?? 0);
        return service.store.readStream(...of);
      },
    };
    const short = await readOn(watched, stream, undefined, (of) => known.closedAt(of));
    expect(Math.min(...reads)).toBe(revision);
    expect([short.state.facts.size, short.state.redemptions.size]).toEqual([receipts, redemptions]);
    expect(await giveBack('back-1', 17, 3)).toMatchObject({ outcome: 'awarded', reversed: 10 });
    await refund('whale', 4_000);
    await spend('whale', 'after closing', 100);
    expect(await club.value('whale')).toMatchObject({ unspent: unspent - 10 + 1 - 100 });
  });

  it('becomes part of another one, which takes its goods back and spends its points', async () => {
    await club.open('sea', [{ points: Points.points(5) }]);
    const revision = (await club.events('sea')).length;
    const which = { program: club.program, source: 'whale', target: 'sea' };
    expect(await mergeByTwo(service, which, { key: 'merge' })).toMatchObject({ status: 201 });
    const types = await typesOf('sea', revision);
    expect(types.length).toBeGreaterThan(10);
    expect(types.at(-1)).toBe('AccountsMerged');
    expect(await club.value('whale')).toMatchObject({ unspent: 0 });
    const came = unspent - 109 + 5;
    expect(await seen('sea')).toMatchObject({ redemptions: redemptions + 1, unspent: came });
    expect(await giveBack('back-2', 18, 20)).toMatchObject({ outcome: 'awarded', reversed: 10 });
    await refund('sea', 4_001);
    await spend('sea', 'after merge', came - 9);
    expect(await club.value('sea')).toMatchObject({ unspent: 0 });
  });
});
