import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { createPool, type Database } from './pool.js';
import { openSession, SessionEnded, type Session } from './session.js';
import { isUnavailable } from './unavailable.js';

describe('a session', () => {
  let database: TestDatabase;
  let db: Database;
  let opened: Session[] = [];
  beforeAll(async () => {
    database = await testDatabase();
    db = createPool(database.url, { max: 2 });
  });
  afterEach(async () => {
    await Promise.all(opened.map((session) => session.close()));
    opened = [];
  });
  afterAll(async () => {
    await db.end();
    await database.drop();
  });
  const open = async (answerMaxMs?: number): Promise<Session> => {
    const session = await openSession({
      url: database.url,
      applicationName: 'session test',
      ...(answerMaxMs === undefined ? {} : { answerMaxMs }),
    });
    opened.push(session);
    return session;
  };
  const takes = async (session: Session, key: number): Promise<boolean> => {
    const { rows } = await session.query<{ taken: boolean }>(
      'select pg_try_advisory_lock($1) as taken',
      [key],
    );
    return rows[0]?.taken === true;
  };
  const reasonOf = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => undefined,
      (error: unknown) => error,
    );

  it('runs one thing at a time, in the order of the calls, and nothing inside a transaction', async () => {
    const session = await open();
    const order: string[] = [];
    const [slow, within, quick] = [
      session.query('select pg_sleep(0.1)').then(() => order.push('slow')),
      session
        .transaction(async (tx) => {
          const first = await tx.query<{ id: string }>('select pg_current_xact_id()::text as id');
          await sleep(50);
          const second = await tx.query<{ id: string }>('select pg_current_xact_id()::text as id');
          expect(second.rows).toEqual(first.rows);
        })
        .then(() => order.push('transaction')),
      session.query('select 1').then(() => order.push('quick')),
    ];
    await Promise.all([slow, within, quick]);
    expect(order).toEqual(['slow', 'transaction', 'quick']);
  });

  it('rolls a failed transaction back, and goes on', async () => {
    const session = await open();
    await session.query('create table kept (n int)');
    const failed = session.transaction(async (tx) => {
      await tx.query('insert into kept values (1)');
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    const ignored = session.transaction(async (tx) => {
      await tx.query('insert into kept values (2)');
      await tx.query('select 1 / 0').catch(() => undefined);
    });
    await expect(ignored).rejects.toThrow('ignored');
    await session.transaction((tx) => tx.query('insert into kept values (3)'));
    const { rows } = await session.query<{ n: number }>('select n from kept');
    expect(rows).toEqual([{ n: 3 }]);
  });

  it('reads values as a pool does', async () => {
    const { rows } = await (await open()).query('select 9007199254740993::bigint as n');
    expect(rows).toEqual([{ n: 9_007_199_254_740_993n }]);
  });

  it('hears what is told on a channel', async () => {
    const session = await open();
    const heard: string[] = [];
    await session.listen('a "channel"', (payload) => heard.push(payload));
    await db.query(`select pg_notify('another', 'x'), pg_notify('a "channel"', 'y')`);
    while (heard.length === 0) await sleep(5);
    expect(heard).toEqual(['y']);
  });

  it('loses its locks with its connection, and says so to whoever asks it something', async () => {
    const [session, other] = [await open(), await open()];
    expect(await takes(session, 1)).toBe(true);
    expect(await takes(other, 1)).toBe(false);
    const inHand = reasonOf(session.query('select pg_sleep(60)'));
    const waiting = reasonOf(session.query('select 1'));
    await sleep(50);
    await db.query('select pg_terminate_backend($1)', [session.pid]);
    for (const reason of [await inHand, await waiting, await reasonOf(session.query('select 1'))])
      expect(isUnavailable(reason)).toBe(true);
    expect(session.ended.aborted).toBe(true);
    expect(session.ended.reason).toBeInstanceOf(SessionEnded);
    while (!(await takes(other, 1))) await sleep(5);
    await session.close();
  });

  it('breaks off when a statement stays without an answer', async () => {
    const session = await open(100);
    const reason = await reasonOf(session.query('select pg_sleep(3)'));
    expect(reason).toBeInstanceOf(SessionEnded);
    expect(String(reason)).toContain('100 ms');
    expect(isUnavailable(reason)).toBe(true);
  });

  it('gives its locks back when it is closed, after the statement in hand', async () => {
    const [session, other] = [await open(), await open()];
    expect(await takes(session, 2)).toBe(true);
    const inHand = session.query<{ n: number }>('select 7 as n, pg_sleep(0.1)');
    await session.close();
    expect((await inHand).rows[0]?.n).toBe(7);
    while (!(await takes(other, 2))) await sleep(5);
    await expect(session.query('select 1')).rejects.toThrow('closed');
  });

  it('is not opened where no server is', async () => {
    const url = 'postgres://nobody@127.0.0.1:1/nothing';
    const reason = await reasonOf(openSession({ url, applicationName: 'session test' }));
    expect(isUnavailable(reason)).toBe(true);
  });
});
