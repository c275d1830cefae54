import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabase } from '@tallystick/testing';
import type { Message } from '@tallystick/message-bus';
import { unspentOf } from '@tallystick/ledger';
import { pino } from 'pino';
import { foldersOf } from '../views/all.js';
import { openViews, type Views } from '../testing/open-views.js';
import { hear } from './hear.js';

describe('hearing of events', () => {
  let views: Views;
  beforeEach(async () => {
    views = await openViews(await testDatabase());
  });
  afterEach(() => views.end());

  const quarter = async (): Promise<Message[]> => {
    const { shop } = views;
    shop.publish();
    for (const name of ['ann', 'bob', 'cid']) {
      const account = shop.open(name);
      const sold = shop.sell(account, { number: `${name}-1`, points: 100 });
      shop.sell(account, { number: `${name}-2`, points: 20, expiresAt: '2026-02-03T00:00:00Z' });
      const redemption = shop.redeem(account, `${name}-r`, 70);
      shop.giveBack(account, `${name}-3`, sold, '1');
      shop.refund(account, redemption);
    }
    await shop.flush();
    return views.messages();
  };
  const figures = async () => {
    const { rows } = await views.db.query<object>(
      'select account, revision, unspent from accounts order by 1',
    );
    return rows;
  };
  const expected = ['ann', 'bob', 'cid'].map((name) => ({
    account: `a-${name}`,
    revision: 5,
    unspent: 70n,
  }));
  const isRight = async () => {
    expect(await figures()).toEqual(expected);
    const report = await views.replay();
    expect(
      report.views.filter(({ rows, equal, missing }) => rows !== equal || missing > 0),
    ).toEqual([]);
  };

  it('folds what comes, one event after the other, into the account that the domain folds', async () => {
    for (const message of await quarter()) {
      expect(await views.deliver([message])).toEqual([{ kind: 'done' }]);
    }
    await isRight();
    expect(unspentOf(views.shop.accountOf('a-ann' as never))).toBe(70);
  });

  it('does nothing twice: repeated in one batch, in a later batch, and from the beginning', async () => {
    const messages = await quarter();
    const verdicts = await views.deliver([...messages.slice(0, 9), ...messages.slice(4)]);
    expect(verdicts.every(({ kind }) => kind === 'done')).toBe(true);
    await views.deliver(messages);
    await isRight();
  });

  it('keeps no order between streams: partitions may come in any', async () => {
    const messages = await quarter();
    const streams = [...new Set(messages.map(({ key }) => key))].reverse();
    for (const stream of streams) await views.deliver(messages.filter(({ key }) => key === stream));
    await isRight();
  });

  it('goes on after its memory was lost: states come from the store again', async () => {
    const messages = await quarter();
    const half = messages.length / 2;
    await views.deliver(messages.slice(0, half));
    const restarted = foldersOf('live', views.store);
    const log = pino({ level: 'silent' });
    for (const folder of Object.values(restarted)) {
      const own = messages.filter(({ key }) => key.startsWith(`${folder.category}-`));
      await hear({ db: views.db, log, telemetry: null }, folder, own);
    }
    await isRight();
  });

  it('stops at a gap, and only that stream; goes on when the missing one comes', async () => {
    const messages = await quarter();
    const ann = messages.filter(({ key }) => key === 'ledger-shop-a%2Dann');
    const missing = ann[1];
    const verdicts = await views.deliver(messages.filter((message) => message !== missing));
    const blocked = verdicts.filter(({ kind }) => kind === 'retry');
    expect(blocked).toHaveLength(4);
    expect(blocked[0]).toMatchObject({
      reason: 'ledger-shop-a%2Dann: revision 2 came, but the views are at 0',
    });
    expect(await figures()).toEqual([
      { account: 'a-ann', revision: 0, unspent: 0n },
      ...expected.slice(1),
    ]);
    await views.deliver(messages);
    await isRight();
  });

  it('sends what it cannot read to the dead letters, and waits at what only a newer release understands', async () => {
    const messages = await quarter();
    const [first, second] = messages.filter(({ key }) => key === 'ledger-shop-a%2Dann');
    if (first === undefined || second === undefined) throw new Error('there are two');
    const newer = {
      ...second,
      value: second.value.replace('"schemaVersion":1', '"schemaVersion":99'),
    };
    const verdicts = await views.deliver([{ ...first, value: '{' }, first, newer]);
    expect(verdicts).toEqual([
      { kind: 'poison', reason: 'the value is not JSON' },
      { kind: 'done' },
      { kind: 'retry', reason: expect.stringContaining('upgrade it') as unknown },
    ]);
    await views.deliver(messages);
    await isRight();
  });

  it('is right when two processes are handed the same messages at once', async () => {
    const messages = await quarter();
    const other = foldersOf('live', views.store);
    const log = pino({ level: 'silent' });
    for (let at = 0; at < messages.length; at += 5) {
      const batch = messages.slice(at, at + 5);
      const twice = async (): Promise<void> => {
        for (const folder of Object.values(other)) {
          const own = batch.filter(({ key }) => key.startsWith(`${folder.category}-`));
          await hear({ db: views.db, log, telemetry: null }, folder, own);
        }
      };
      await Promise.allSettled([views.deliver(batch), twice()]);
      await views.deliver(batch);
    }
    await isRight();
  });

  it('says what to do when the views were dropped, and loses nothing', async () => {
    const messages = await quarter();
    await views.deliver(messages.slice(0, 10));
    await views.db.query('drop table accounts');
    await expect(views.deliver(messages)).rejects.toThrow('tally replay --rebuild');
    await views.replay({ rebuild: true });
    await views.deliver(messages);
    await isRight();
  });
});
