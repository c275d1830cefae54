import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { accountId, instant, programId } from '@tallystick/kernel';
import {
  arrearsOf,
  emptyAccount,
  evolve,
  heldOf,
  LedgerReader,
  outstandingCertificates,
  unspentOf,
  valuation,
  type Account,
} from '@tallystick/ledger';
import { testDatabase } from '@tallystick/testing';
import { readAccount } from '../read-account/account.js';
import { readSummary } from '../summary/summary.js';
import { openViews, type Views } from '../testing/open-views.js';
import { program } from '../testing/shop.js';
import { overAt, wholeLedger } from '../testing/whole-ledger.js';
import { certificatesAsOf } from '../certificates/as-of-position.js';
import type { Tallies } from '../certificates/certificate-report.js';
import { trialBalanceAsOf } from '../trial-balance/as-of-position.js';
import { presentTrialBalance } from '../trial-balance/present.js';

describe.each([
  ['', undefined],
  [', in parts', 700],
])('the views of every type of event%s', (_, unitsMax) => {
  let views: Views;
  const names = ['a-ann', 'a-bob'].map(accountId);
  beforeAll(async () => {
    views = await openViews(await testDatabase(), unitsMax);
    wholeLedger(views.shop);
    await views.shop.flush();
    const verdicts = await views.deliver(await views.messages());
    expect(verdicts.filter(({ kind }) => kind !== 'done')).toEqual([]);
  });
  afterAll(() => views.end());

  it('have an entry for each', async () => {
    const { rows } = await views.db.query<{ type: string }>(
      'select distinct type from statement_entries order by 1',
    );
    expect(rows.map(({ type }) => type)).toEqual([
      'AccountOpened',
      'AccountsMerged',
      'CertificateCorrected',
      'CertificateExpired',
      'CertificateGivenBack',
      'CertificateIssued',
      'CertificateUsed',
      'EarnReversed',
      'HoldCaptured',
      'HoldReleased',
      'OpeningBalanceImported',
      'PeriodClosed',
      'PointsAdjusted',
      'PointsEarned',
      'PointsExpired',
      'PointsHeld',
      'PointsRedeemed',
      'PointsTransferred',
      'RedemptionRefunded',
    ]);
  });

  it('say of each account what the domain says, and the entries add up to it', async () => {
    for (const name of names) {
      const account = views.shop.accountOf(name);
      // When a hold is over is a question of the moment asked for, as when a lot is.
      for (const at of ['2026-02-12T10:00:00Z', '2026-02-20T09:59:59.999Z', overAt].map(instant))
        expect(await readAccount(views.db, program, name, at)).toMatchObject(
          valuation(account, at),
        );
      const { rows } = await views.db.query<{ sum: bigint }>(
        'select sum(points)::bigint as sum from statement_entries where account = $1',
        [name],
      );
      expect(Number(rows[0]?.sum)).toBe(unspentOf(account) + heldOf(account) - arrearsOf(account));
    }
    const [ann] = names.map((name) => views.shop.accountOf(name));
    expect(ann && heldOf(ann)).toBe(12);
    expect(ann && valuation(ann, overAt).held).toBe(0);
  });

  it('value the whole programme as they value its accounts, over holds included', async () => {
    for (const at of [instant('2026-02-12T10:00:00Z'), overAt]) {
      const each = names.map((name) => valuation(views.shop.accountOf(name), at));
      const sum = (of: 'available' | 'held' | 'arrears') =>
        each.reduce((all, one) => all + one[of], 0);
      expect(await readSummary(views.db, program, at)).toMatchObject({
        outstanding: { available: sum('available') },
        ...{ held: sum('held'), arrears: sum('arrears') },
      });
    }
  });

  it('name the successor of a merged account', async () => {
    const [ann, bob] = await Promise.all(
      names.map((name) => readAccount(views.db, program, name, overAt)),
    );
    expect([ann?.successor, bob?.successor]).toEqual([null, 'a-ann']);
  });

  it('keep the lots that the domain keeps', async () => {
    for (const name of names) {
      const { rows } = await views.db.query<{
        lot: string;
        remaining: bigint;
        expires_at: string | null;
      }>('select lot, remaining, expires_at from lots where account = $1', [name]);
      const own = [...views.shop.accountOf(name).lots.values()];
      expect(
        new Map(rows.map((row) => [row.lot, [Number(row.remaining), row.expires_at]])),
      ).toEqual(
        new Map(own.map(({ lot, ...state }) => [lot.id, [state.remaining, state.expiresAt]])),
      );
      // One of them lapses after inactivity, and the account did something since.
      if (name === names[0])
        expect(
          own.some(({ lot, expiresAt }) => lot.inactivity && lot.expiresAt !== expiresAt),
        ).toBe(true);
    }
  });

  it('balance: postings, accounts and lots tell the same', async () => {
    expect(await presentTrialBalance(views.db, program)).toMatchObject({
      sum: 0n,
      balanced: true,
      differences: [],
      foldedAccounts: { held: 12n },
    });
  });

  it('balance at each position of their history, as the accounts folded up to there', async () => {
    const states = new Map<string, Account>();
    const readers = new Map<string, LedgerReader>();
    const head = await views.store.head();
    let steps = 0;
    for await (const { stream, position, ...stored } of views.store.readAll({
      categories: ['ledger'],
    })) {
      const reader = readers.get(stream) ?? new LedgerReader();
      readers.set(stream, reader);
      const event = reader.read(stored);
      if (event !== null) states.set(stream, evolve(states.get(stream) ?? emptyAccount(), event));
      const sum = (figure: (of: Account) => number) =>
        [...states.values()].reduce((all, one) => all + BigInt(figure(one)), 0n);
      const figures = { unspent: sum(unspentOf), held: sum(heldOf), arrears: sum(arrearsOf) };
      expect(await trialBalanceAsOf(views.store, program, position)).toMatchObject({
        ...{ sum: 0n, balanced: true, differences: [], position },
        ...{ foldedAccounts: figures, postedAccounts: figures },
      });
      steps += 1;
    }
    expect(steps).toBeGreaterThan(30);
    const present = await presentTrialBalance(views.db, program);
    expect(await trialBalanceAsOf(views.store, program, head)).toEqual({
      ...present,
      position: head,
    });
    expect(await trialBalanceAsOf(views.store, program, 0n)).toMatchObject({
      ...{ accounts: [], sum: 0n, balanced: true },
    });
    expect(await trialBalanceAsOf(views.store, programId('sho'), head)).toMatchObject({
      accounts: [],
    });
  });

  it('report certificates at each position as events, postings and folded accounts tell them', async () => {
    const states = new Map<string, Account>();
    const readers = new Map<string, LedgerReader>();
    const told = { given: 0, changed: 0, used: 0, givenBack: 0, expired: 0 };
    let inTransit = 0;
    for await (const { stream, position, ...stored } of views.store.readAll({
      categories: ['ledger'],
    })) {
      const reader = readers.get(stream) ?? new LedgerReader();
      readers.set(stream, reader);
      const event = reader.read(stored);
      if (event === null) continue;
      states.set(stream, evolve(states.get(stream) ?? emptyAccount(), event));
      if (event.type === 'CertificateIssued') told.given += event.data.valueMinor;
      if (event.type === 'CertificateCorrected')
        told.changed += event.data.valueMinor - event.data.beforeMinor;
      if (event.type === 'CertificateUsed') told.used += event.data.valueMinor;
      if (event.type === 'CertificateGivenBack') told.givenBack += event.data.valueMinor;
      if (event.type === 'CertificateExpired') told.expired += event.data.valueMinor;
      const outstanding = [...states.values()].reduce(
        (all, one) => all + (outstandingCertificates(one).get('GBP') ?? 0),
        0,
      );
      inTransit =
        told.given + told.changed - told.used + told.givenBack - told.expired - outstanding;
      if (!event.type.startsWith('Certificate') && event.type !== 'AccountsMerged') continue;
      const report = await certificatesAsOf(views.store, program, position);
      expect(report).toMatchObject({ balanced: true, position });
      expect(report.currencies).toMatchObject([
        {
          ...{ currency: 'GBP', sum: 0n, balanced: true, differenceCount: 0 },
          ...{ posted: BigInt(outstanding), folded: BigInt(outstanding) },
        },
      ]);
      const minor = (what: keyof Tallies) =>
        Number(report.rules.reduce((all, { tallies }) => all + tallies[what].minor, 0n));
      expect({
        ...{ given: minor('given'), changed: minor('changed'), used: minor('used') },
        ...{ givenBack: minor('givenBack'), expired: minor('expired') },
        ...{ outstanding: minor('outstanding'), inTransit: minor('inTransit') },
      }).toEqual({ ...told, outstanding, inTransit });
    }
    expect(Object.values(told)).not.toContain(0);
    expect(inTransit).toBe(0);
    // By hand: of January 1st one was given, made 9.00, used, given back and over; that of the 2nd went with the merge.
    const { rules } = await certificatesAsOf(views.store, program, await views.store.head());
    expect(rules.map(({ rule, period }) => [rule, period.first])).toEqual([
      ['gift', '2026-01-01'],
      ['gift', '2026-01-02'],
    ]);
  });

  it('come out the same when they are folded again', async () => {
    const report = await views.replay();
    expect(
      report.views.filter(({ rows, equal, missing }) => rows !== equal || missing > 0),
    ).toEqual([]);
  });
});
