import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testDatabase } from '@tallystick/testing';
import type { TokenClaims } from '@tallystick/service-host';
import { startReporting, type Reporting } from './testing/start-reporting.js';

describe('reporting over HTTP', () => {
  let reporting: Reporting;
  beforeAll(async () => {
    reporting = await startReporting(await testDatabase());
    const { shop } = reporting;
    shop.publish();
    const ann = shop.open('ann');
    const sold = shop.sell(ann, { number: '1', points: 100 });
    shop.sell(ann, { number: '2', points: 40, availableAt: '2026-06-01T00:00:00Z' });
    shop.sell(ann, { number: '3', points: 7, expiresAt: '2026-02-20T00:00:00Z' });
    const redeemed = shop.redeem(ann, 'r1', 60);
    shop.refund(ann, redeemed);
    shop.redeem(ann, 'r2', 70, '2026-02-21T00:00:00Z');
    const bob = shop.open('bob');
    const spent = shop.sell(bob, { number: '4', points: 50 });
    shop.redeem(bob, 'r3', 50);
    shop.giveBack(bob, '5', spent, '2');
    shop.sell(bob, { number: '6', points: 20, at: '2026-02-20T10:00:00Z' });
    shop.sell(bob, { number: '7', points: 0, reason: 'excluded' });
    shop.giveBack(ann, '8', sold, '1', '2026-02-22T00:00:00Z');
    shop.enrol('cid');
    shop.park({ number: '9' });
    shop.park({ number: '10' });
    shop.pin(bob, { number: '10' });
    // One that came after what returns it, and one that has not come at all, which is no receipt yet.
    for (const number of ['11', '12']) shop.noteReturn({ number }, { number: '10' });
    shop.keep({ number: '11' }, 'no-card');
    shop.refuse({ number: '11' }, 'conflict: other content');
    await shop.flush();
  });
  afterAll(() => reporting.end());

  const body = async (path: string) => {
    const answer = await reporting.ask(path);
    expect(answer.status).toBe(200);
    return answer.body;
  };
  const problem = async (path: string, claims?: TokenClaims, sent?: unknown) => {
    const token = claims === undefined ? {} : { token: await reporting.issuer.token(claims) };
    const { status, body: answer } = await reporting.ask(path, {
      ...token,
      ...(sent === undefined ? {} : { body: sent }),
    });
    return `${status} ${String(answer['type']).replace('urn:tallystick:problem:', '')}`;
  };

  describe('a balance', () => {
    it('is valued at the moment asked for: pending and lapsed told apart from available', async () => {
      const at = async (asOf: string) => {
        const { unspent, pending, available, lapsed, arrears, nextExpiry } = await body(
          `/v1/accounts/shop/a-ann?asOf=${encodeURIComponent(asOf)}`,
        );
        return { unspent, pending, available, lapsed, arrears, nextExpiry };
      };
      expect(await at('2026-02-10T00:00:00+02:00')).toEqual({
        unspent: 27,
        pending: 20,
        available: 7,
        lapsed: 0,
        arrears: 0,
        nextExpiry: { at: '2026-02-20T00:00:00.000Z', points: 7 },
      });
      expect(await at('2026-02-20T00:00:00Z')).toEqual({
        unspent: 27,
        pending: 20,
        available: 0,
        lapsed: 7,
        arrears: 0,
        nextExpiry: null,
      });
      expect(await at('2026-06-01T00:00:00Z')).toMatchObject({
        pending: 0,
        available: 20,
        lapsed: 7,
      });
    });

    it('is valued now without a moment, and says up to where it has come', async () => {
      const { asOf, position, member, held } = await body('/v1/accounts/shop/a-ann');
      expect({ member, held }).toEqual({ member: 'm-ann', held: 0 });
      expect(Date.parse(String(asOf))).toBeGreaterThan(Date.now() - 60_000);
      expect(BigInt(String(position))).toBeGreaterThan(0n);
    });

    it('of a member who owes: arrears are paid by what is earned next', async () => {
      expect(await body('/v1/accounts/shop/a-bob')).toMatchObject({
        unspent: 0,
        available: 0,
        arrears: 30,
      });
    });

    it('of an account that has no ledger yet is empty', async () => {
      expect(await body('/v1/accounts/shop/a-cid')).toMatchObject({
        member: 'm-cid',
        unspent: 0,
        arrears: 0,
      });
      expect(await body('/v1/accounts/shop/a-cid/statement')).toEqual({ entries: [], next: null });
    });

    it('of an unknown account is a problem, and so is a moment that is none', async () => {
      expect(await problem('/v1/accounts/shop/a-nobody')).toBe('404 account-unknown');
      expect(await problem('/v1/accounts/shop/a-nobody/statement')).toBe('404 account-unknown');
      expect(await problem('/v1/accounts/shop/a-ann?asOf=yesterday')).toBe('400 validation');
      expect(await problem('/v1/accounts/shop/a-ann?asOf=2026-02-10T00:00:00')).toBe(
        '400 validation',
      );
    });
  });

  describe('a statement', () => {
    interface Entry {
      readonly type: string;
      readonly points: number;
      readonly reason: string;
    }
    const page = async (path: string) => {
      const answer = await body(path);
      return {
        entries: answer['entries'] as readonly Entry[],
        next: answer['next'] as string | null,
      };
    };

    it('says in words why each point is there, newest first', async () => {
      const { entries } = await page('/v1/accounts/shop/a-ann/statement');
      expect(entries.map(({ points, reason }) => [points, reason])).toEqual([
        [
          -50,
          'Receipt 8 of 2026-02-22, store 1: return, 50 points taken back of receipt 1 of 2026-02-01, store 1',
        ],
        [-70, '70 points redeemed for discount, reference till r2'],
        [60, '60 points back of a redemption for discount: cancelled at the till'],
        [-60, '60 points redeemed for discount, reference till r1'],
        [7, 'Receipt 3 of 2026-02-01, store 1: 7 points by rule base, rulebook 1'],
        [40, 'Receipt 2 of 2026-02-01, store 1: 40 points by rule base, rulebook 1'],
        [100, 'Receipt 1 of 2026-02-01, store 1: 100 points by rule base, rulebook 1'],
        [0, 'Account opened'],
      ]);
      const owing = await page('/v1/accounts/shop/a-bob/statement');
      expect(owing.entries.map(({ points, reason }) => [points, reason])).toEqual([
        [0, 'Receipt 7 of 2026-02-01, store 1: no points, excluded, rulebook 1'],
        [
          20,
          'Receipt 6 of 2026-02-20, store 1: 20 points by rule base, rulebook 1; 20 of them paid what was owed',
        ],
        [
          -50,
          'Receipt 5 of 2026-02-02, store 1: return, 50 points taken back of receipt 4 of 2026-02-01, store 1; 50 of them are owed',
        ],
        [-50, '50 points redeemed for discount, reference till r3'],
        [50, 'Receipt 4 of 2026-02-01, store 1: 50 points by rule base, rulebook 1'],
        [0, 'Account opened'],
      ]);
    });

    it('adds up to what the account has, less what it owes', async () => {
      for (const name of ['ann', 'bob']) {
        const { entries } = await page(`/v1/accounts/shop/a-${name}/statement`);
        const { unspent, arrears } = await body(`/v1/accounts/shop/a-${name}`);
        const sum = entries.reduce((total, { points }) => total + points, 0);
        expect(sum).toBe(Number(unspent) - Number(arrears));
      }
    });

    it('comes in pages that neither repeat nor skip, even when entries come in between', async () => {
      const whole = await page('/v1/accounts/shop/a-ann/statement');
      const first = await page('/v1/accounts/shop/a-ann/statement?limit=3');
      const { shop } = reporting;
      shop.sell('a-ann' as never, { number: 'late', points: 0 });
      await shop.flush();
      const seen = [...first.entries];
      for (let next = first.next; next !== null;) {
        const more = await page(`/v1/accounts/shop/a-ann/statement?limit=3&cursor=${next}`);
        expect(more.entries.length).toBeLessThanOrEqual(3);
        seen.push(...more.entries);
        next = more.next;
      }
      expect(seen).toEqual(whole.entries);
    });

    it('refuses a cursor that it has not given, and pages without bounds', async () => {
      expect(await problem('/v1/accounts/shop/a-ann/statement?cursor=abc')).toBe('400 validation');
      expect(await problem('/v1/accounts/shop/a-ann/statement?limit=0')).toBe('400 validation');
      expect(await problem('/v1/accounts/shop/a-ann/statement?limit=100000')).toBe(
        '400 validation',
      );
    });
  });

  describe('reports', () => {
    it('the trial balance is zero, and the postings are what the accounts fold to', async () => {
      expect(await body('/v1/reports/shop/trial-balance')).toMatchObject({
        accounts: [
          { account: 'issued/chain', points: -117 },
          { account: 'member/arrears', points: -30 },
          { account: 'member/unspent', points: 27 },
          { account: 'redeemed/discount', points: 120 },
        ],
        sum: 0,
        foldedAccounts: { unspent: 27, held: 0, arrears: 30 },
        postedAccounts: { unspent: 27, held: 0, arrears: 30 },
        balanced: true,
        differenceCount: 0,
        differences: [],
      });
    });

    it('a trial balance that is wrong says in which account', async () => {
      await reporting.admin.query(
        `update posting_sums set points = points + 5 where account = 'a-ann' and posting like '%unspent'`,
      );
      expect(await body('/v1/reports/shop/trial-balance')).toMatchObject({
        sum: 5,
        balanced: false,
        differenceCount: 1,
        differences: [{ account: 'a-ann', figure: 'unspent', posted: 32, folded: 27 }],
      });
      expect(await reporting.replay({ rebuild: true })).toMatchObject({ equal: true });
      expect(await body('/v1/reports/shop/trial-balance')).toMatchObject({ balanced: true });
    });

    it('the trial balance is had as of any position: zero, and made from the store alone', async () => {
      const now = await body('/v1/reports/shop/trial-balance');
      const head = await reporting.store.head();
      expect(await body(`/v1/reports/shop/trial-balance?position=${head}`)).toEqual({
        ...now,
        position: head.toString(),
      });
      let ledger = 0;
      for await (const { position } of reporting.store.readAll({ categories: ['ledger'] })) {
        ledger += 1;
        if (ledger % 5 !== 0) continue;
        const then = await body(`/v1/reports/shop/trial-balance?position=${position}`);
        expect(then).toMatchObject({ sum: 0, balanced: true, position: position.toString() });
        expect(then['foldedAccounts']).toEqual(then['postedAccounts']);
      }
      await reporting.admin.query('update posting_sums set points = points + 1');
      expect(await body('/v1/reports/shop/trial-balance')).toMatchObject({ balanced: false });
      expect(await body(`/v1/reports/shop/trial-balance?position=${head}`)).toMatchObject({
        balanced: true,
      });
      await reporting.admin.query('update posting_sums set points = points - 1');
    });

    it('a position that the store has not come to, or that is none, is an answer of its field', async () => {
      const path = '/v1/reports/shop/trial-balance';
      const ahead = await reporting.ask(`${path}?position=${(await reporting.store.head()) + 1n}`);
      expect(ahead).toMatchObject({
        status: 422,
        body: { type: 'urn:tallystick:problem:position-ahead', errors: [{ field: 'position' }] },
      });
      for (const query of ['position=-1', 'position=x', 'position=', 'positions=1'])
        expect(await problem(`${path}?${query}`)).toBe('400 validation');
      expect(await problem('/v1/reports/nowhere/trial-balance?position=1')).toBe(
        '404 program-unknown',
      );
    });

    it('one trial balance as of a position is made at a time', async () => {
      const path = '/v1/reports/shop/trial-balance?position=1';
      const answers = await Promise.all(Array.from({ length: 8 }, () => reporting.ask(path)));
      const statuses = new Set(answers.map(({ status }) => status));
      expect(statuses).toEqual(new Set([200, 409]));
      expect((await reporting.ask(path)).status).toBe(200);
    });

    it('a programme without certificates has a report of none, as of positions that there are', async () => {
      const path = '/v1/reports/shop/certificates';
      const none = { rules: [], currencies: [], balanced: true };
      const head = await reporting.store.head();
      expect(await body(path)).toEqual({ program: 'shop', ...none, position: `${head}` });
      expect(await body(`${path}?position=1`)).toMatchObject({ ...none, position: '1' });
      expect(await problem(`${path}?position=${head + 1n}`)).toBe('422 position-ahead');
      expect(await problem(`${path}?position=x`)).toBe('400 validation');
      const answers = await Promise.all(Array.from({ length: 8 }, () => reporting.ask(path)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]));
      expect((await reporting.ask(path)).status).toBe(200);
    });

    it('every receipt has one outcome, with its reason, and they add up', async () => {
      expect(await body('/v1/reports/shop/receipts')).toMatchObject({
        total: 12,
        outcomes: { awarded: 7, nothing: 3, waiting: 2 },
        reasons: [
          { outcome: 'awarded', reason: null, receipts: 7 },
          { outcome: 'nothing', reason: 'below-one-point', receipts: 1 },
          { outcome: 'nothing', reason: 'excluded', receipts: 1 },
          { outcome: 'nothing', reason: 'no-card', receipts: 1 },
          { outcome: 'waiting', reason: 'card-unknown', receipts: 1 },
          { outcome: 'waiting', reason: 'not-posted-yet', receipts: 1 },
        ],
        refusedDeliveries: {
          total: 1,
          reasons: [{ reason: 'conflict: other content', deliveries: 1 }],
        },
      });
    });

    it('the summary has the figures in one look', async () => {
      expect(await body('/v1/reports/shop/summary?asOf=2026-03-01T00:00:00Z')).toMatchObject({
        asOf: '2026-03-01T00:00:00.000Z',
        members: 3,
        accounts: 2,
        earned: 217,
        redeemed: 180,
        refunded: 60,
        reversed: 100,
        ...{ opening: 0, adjustedUp: 0, adjustedDown: 0, expired: 0, inTransit: 0 },
        outstanding: { pending: 20, available: 0, lapsed: 7 },
        arrears: 30,
      });
    });

    it('of an unknown programme are a problem', async () => {
      for (const report of ['trial-balance', 'receipts', 'summary', 'certificates']) {
        expect(await problem(`/v1/reports/nowhere/${report}`)).toBe('404 program-unknown');
      }
    });
  });

  describe('who may', () => {
    const member: TokenClaims = {
      sub: 'ann',
      roles: ['member'],
      programs: ['shop'],
      account: 'a-ann',
    };

    it('a member sees its own account, and no other', async () => {
      const token = await reporting.issuer.token(member);
      for (const path of ['/v1/accounts/shop/a-ann', '/v1/accounts/shop/a-ann/statement']) {
        expect((await reporting.ask(path, { token })).status).toBe(200);
        expect(await problem(path.replace('ann', 'bob'), member)).toBe('403 forbidden');
        expect(await problem(path.replace('ann', 'nobody'), member)).toBe('403 forbidden');
        expect(await problem(path, { ...member, programs: ['else'] })).toBe('403 forbidden');
        expect(await problem(path, { ...member, account: '' })).toBe('403 forbidden');
      }
      expect(await problem('/v1/reports/shop/summary', member)).toBe('403 forbidden');
    });

    it.each(['store', 'manager', 'auditor', 'ops'] as const)(
      '%s sees accounts of its programmes',
      async (role) => {
        const claims: TokenClaims = { sub: 's', roles: [role], programs: ['shop'] };
        const token = await reporting.issuer.token(claims);
        expect((await reporting.ask('/v1/accounts/shop/a-bob', { token })).status).toBe(200);
        expect(await problem('/v1/accounts/shop/a-bob', { ...claims, programs: ['else'] })).toBe(
          '403 forbidden',
        );
      },
    );

    it('reports are for managers, auditors and ops of the programme', async () => {
      for (const report of ['trial-balance', 'receipts', 'summary', 'certificates']) {
        const path = `/v1/reports/shop/${report}`;
        const manager: TokenClaims = { sub: 'm', roles: ['manager'], programs: ['shop'] };
        const token = await reporting.issuer.token(manager);
        expect((await reporting.ask(path, { token })).status).toBe(200);
        expect(await problem(path, { ...manager, programs: ['else'] })).toBe('403 forbidden');
        expect(await problem(path, { ...manager, roles: ['store', 'partner', 'member'] })).toBe(
          '403 forbidden',
        );
      }
    });

    it('replays are for auditors and ops of all programmes; a rebuild for ops', async () => {
      const auditor: TokenClaims = { sub: 'a', roles: ['auditor'], programs: ['*'] };
      expect(await problem('/v1/replays', { ...auditor, programs: ['shop'] }, {})).toBe(
        '403 forbidden',
      );
      expect(await problem('/v1/replays', { ...auditor, roles: ['manager'] }, {})).toBe(
        '403 forbidden',
      );
      expect(await problem('/v1/replays', auditor, { rebuild: true })).toBe('403 forbidden');
      const missing = '/v1/replays/6f0a3d5e-4c0b-4a86-9d5a-7f1f0f6e2b11';
      expect(await problem(missing, { ...auditor, programs: ['shop'] })).toBe('403 forbidden');
      expect(await problem(missing, auditor)).toBe('404 replay-unknown');
      expect(await problem('/v1/replays/x', auditor)).toBe('400 validation');
    });
  });

  it('sums of more points than one account can hold are exact, as digits', async () => {
    const { shop } = reporting;
    for (const name of ['gus', 'hal', 'ivy']) {
      const account = shop.open(name);
      shop.sell(account, { number: name, points: Number.MAX_SAFE_INTEGER });
    }
    await shop.flush();
    const head = await reporting.store.head();
    const whole = `${3n * BigInt(Number.MAX_SAFE_INTEGER) + 27n}`;
    for (const query of ['', `?position=${head}`])
      expect(await body(`/v1/reports/shop/trial-balance${query}`)).toMatchObject({
        ...{ sum: 0, balanced: true, foldedAccounts: { unspent: whole, arrears: 30 } },
      });
    expect(await body('/v1/reports/shop/summary?asOf=2026-03-01T00:00:00Z')).toMatchObject({
      outstanding: { available: `${3n * BigInt(Number.MAX_SAFE_INTEGER)}`, lapsed: 7 },
    });
  });

  // After the reports: it adds to them.
  it('a balance of an account that became part of another one names that one', async () => {
    const { shop } = reporting;
    const [dan, eve, fay] = [shop.open('dan'), shop.open('eve'), shop.open('fay')];
    shop.sell(dan, { number: 'd1', points: 10 });
    shop.merge(dan, eve);
    shop.merge(eve, fay);
    await shop.flush();
    // A member's token names the account that it was enrolled with: it is good for what became of it, and for nothing else.
    const token: TokenClaims = { sub: 'dan', roles: ['member'], programs: ['shop'], account: dan };
    const asDan = { token: await reporting.issuer.token(token) };
    for (const path of [`/v1/accounts/shop/${fay}`, `/v1/accounts/shop/${fay}/statement`]) {
      expect((await reporting.ask(path, asDan)).status).toBe(200);
      expect(await problem(path, { ...token, account: 'a-ann' })).toBe('403 forbidden');
    }
    expect(await problem('/v1/accounts/shop/a-ann', token)).toBe('403 forbidden');
    expect(await problem(`/v1/accounts/shop/${dan}`, { ...token, account: fay })).toBe(
      '403 forbidden',
    );
    for (const gone of [dan, eve])
      expect(await body(`/v1/accounts/shop/${gone}`)).toMatchObject({
        ...{ account: gone, status: 'merged', successor: fay, unspent: 0, available: 0 },
      });
    expect(await body(`/v1/accounts/shop/${fay}`)).toMatchObject({
      ...{ status: 'open', successor: null, available: 10 },
    });
  });
});
