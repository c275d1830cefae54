import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { digestStreams, type EventStore, type StoreDigest } from '@tallystick/event-store';
import { Webhook } from 'standardwebhooks';
import { keptSchemas, madeAgain } from '../backup/kept.js';
import {
  balance,
  houseOf,
  line,
  publish,
  receipt,
  submit,
  whatBecameOf,
  type House,
} from './front-door/house.js';
import { at, expected, textAt, type Answer } from './tools/client.js';
import { makeDataFolder, removeDataFolder } from './tools/data-folders.js';
import { eventually } from './tools/eventually.js';
import { backupProgram, startProgram } from './tools/programs.js';
import { replay } from './tools/replay.js';
import { say, timed } from './tools/say.js';
import { differingStreams, withStore } from './tools/store.js';
import { startSystemProcess, type SystemProcess } from './tools/system-process.js';

jest.setTimeout(300_000);

const program = 'e2e-backup';
const card = '9826800000018';
/** Answers that are waited for before each backup is taken. */
const writtenBefore = 40;

/** What was answered before the backup: the receipt, and where its events are. */
interface Acknowledged {
  readonly number: string;
  readonly position: number;
}

describe('a backup that is taken while the system is being written to', () => {
  const folders: string[] = [];
  const systems: SystemProcess[] = [];
  let backup: string;
  let source: SystemProcess;
  let restored: SystemProcess;
  let house: House;
  let member: string;
  let account: string;
  let enrolled: Answer;
  let secret: string;
  let position: number;
  let digestBefore: StoreDigest;
  const acknowledged: Acknowledged[] = [];

  const startSystem = async (folder: string): Promise<SystemProcess> => {
    const system = await startSystemProcess(folder);
    systems.push(system);
    return system;
  };
  const newFolder = async (): Promise<string> => {
    const folder = await makeDataFolder();
    folders.push(folder);
    return folder;
  };
  const run = async (command: 'backup' | 'restore', data: string): Promise<unknown> => {
    const args = [command, backup, '--data', data, '--json'];
    const done = startProgram(backupProgram, args, {});
    const ended = await done.ended;
    if (ended !== 0) throw new Error(`${command} ended with ${ended}: ${done.stderr()}`);
    const answer: unknown = JSON.parse(done.stdout());
    return answer;
  };
  const digestUpTo = (system: SystemProcess, last: number): Promise<StoreDigest> =>
    system
      .databaseUrl()
      .then((url) =>
        withStore(url, (store) =>
          digestStreams({ readAll: (options) => upTo(store, last, options) }),
        ),
      );
  const ticket = async (id: string): Promise<Answer> => {
    const body = {
      type: 'ticket-bought',
      occurredAt: '2026-05-04T19:30:00Z',
      card,
      amount: '12.60',
      currency: 'GBP',
    };
    const [text, when] = [JSON.stringify(body), new Date()];
    return await house.stranger('partners', `/v1/partner-events/${program}/cinema`, {
      body: text,
      headers: {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(when.getTime() / 1_000)),
        'webhook-signature': new Webhook(secret).sign(id, when, text),
      },
    });
  };

  beforeAll(async () => {
    backup = await mkdtemp(path.join(tmpdir(), 'tallystick-backup-'));
    source = await startSystem(await newFolder());
    house = await houseOf(source, await source.databaseUrl());
    const published = await publish(house, program, {
      partnerEvents: [
        { id: 'ticket', partner: 'cinema', type: 'ticket-bought', points: 2, per: '1.00' },
      ],
    });
    enrolled = await house.manager('enrollment', '/v1/members', {
      body: { program, cards: [card], personal: { name: 'Ann Onymous' } },
      headers: { 'idempotency-key': 'enrol-ann' },
      after: published,
    });
    member = textAt(expected(enrolled, 201).body, 'member');
    account = textAt(enrolled.body, 'account');
    const registered = await house.manager('partners', '/v1/partners', {
      body: { program, partner: 'cinema', name: 'Picture House' },
      after: published,
    });
    secret = textAt(registered.body, 'secret');
  });
  afterAll(async () => {
    for (const one of systems) await one.stop();
    for (const folder of folders) await removeDataFolder(folder);
    await rm(backup, { recursive: true, force: true });
  });

  it('is taken, and taken again with what is new alone', async () => {
    const stop = new AbortController();
    const writeReceipts = async (till: string): Promise<void> => {
      for (let nth = 1; !stop.signal.aborted; nth += 1) {
        const number = `${till}-${nth}`;
        const lines = [line(1, 'tea', '1', '12.00')];
        const answer = expected(
          await submit(house, receipt(program, number, { card, lines })),
          200,
          201,
        );
        acknowledged.push({ number, position: Number(answer.position) });
      }
    };
    const redeem = async (): Promise<void> => {
      for (let nth = 1; !stop.signal.aborted; nth += 1) {
        const body = { program, account, points: 1, reference: `sale ${nth}` };
        const headers = { 'idempotency-key': `redeem-${nth}` };
        const after = enrolled.position;
        const answer = await house.store('redemption', '/v1/redemptions', { body, headers, after });
        expected(answer, 201, 409);
      }
    };
    const sendTickets = async (): Promise<void> => {
      for (let nth = 1; !stop.signal.aborted; nth += 1) expected(await ticket(`t-${nth}`), 202);
    };
    const writing = Promise.all([writeReceipts('1'), writeReceipts('2'), redeem(), sendTickets()]);
    const written = (count: number): Promise<true> =>
      eventually(`${count} receipts are acknowledged`, () =>
        Promise.resolve(acknowledged.length >= count ? true : undefined),
      );
    try {
      await written(writtenBefore);
      const first = await timed('backup', () => run('backup', source.dataDir));
      await written(acknowledged.length + writtenBefore);
      const head = acknowledged.at(-1)?.position ?? 0;
      const second = await timed('the second backup', () => run('backup', source.dataDir));
      position = Number(at(second, 'position'));
      say(`${position} events, ${Number(at(second, 'newEvents'))} of them new the second time`);
      expect(position).toBeGreaterThanOrEqual(head);
      expect(at(second, 'newEvents')).toBe(position - Number(at(first, 'position')));
      await written(acknowledged.length + writtenBefore);
    } finally {
      stop.abort();
      await writing;
    }
    digestBefore = await digestUpTo(source, position);
    expect(digestBefore.events).toBe(position);
  });

  it('has every table, or a start makes it again', async () => {
    const { tables } = await withStore(await source.databaseUrl(), async (_, db) => {
      const { rows } = await db.query<{ name: string }>(
        `select schemaname || '.' || tablename as name from pg_tables
          where schemaname not in ('pg_catalog', 'information_schema') and tablename not in ('migrations', 'migration_progress')`,
      );
      return { tables: rows.map(({ name }) => name) };
    });
    const decided = new Set([
      'eventstore.events',
      ...keptSchemas.flatMap(({ schema, tables: kept }) =>
        kept.map(({ table }) => `${schema}.${table}`),
      ),
      ...madeAgain,
    ]);
    const forgotten = tables.filter(
      (name) => !decided.has(name) && !decided.has(name.replace(/\..*/, '.*')),
    );
    expect(forgotten).toEqual([]);
  });

  it('is restored into an empty place, and serves', async () => {
    await source.stop();
    const folder = await newFolder();
    expect(await timed('restore', () => run('restore', folder))).toMatchObject({ position });
    await expect(run('restore', folder)).rejects.toThrow('eventstore.events has rows');
    restored = await timed('start', () => startSystem(folder));
    house = await houseOf(restored, await restored.databaseUrl());
    const digest = await digestUpTo(restored, position);
    expect(differingStreams(digest, digestBefore)).toEqual([]);
    expect(digest).toEqual(digestBefore);
  });

  it('replays to equal views, with a trial balance of zero', async () => {
    expect(await replay(house.ops)).toMatchObject({ status: 'done', equal: true, caughtUp: true });
    const trial = await house.auditor('reporting', `/v1/reports/${program}/trial-balance`);
    expect(trial.body).toMatchObject({ sum: 0, balanced: true, differenceCount: 0 });
  });

  it('knows every receipt that was acknowledged before it was taken, and takes no one twice', async () => {
    const before = acknowledged.filter((one) => one.position <= position);
    expect(before.length).toBeGreaterThanOrEqual(2 * writtenBefore);
    for (const { number } of before) {
      expect(at((await whatBecameOf(house, receipt(program, number))).body, 'outcome')).toBe(
        'awarded',
      );
    }
    const balanceBefore = await balance(house, program, account);
    const lines = [line(1, 'tea', '1', '12.00')];
    const again = await submit(house, receipt(program, '1-1', { card, lines }));
    const known = expected(await ticket('t-1'), 202);
    expect(at(known.body, 'known')).toBe(true);
    const balanceAfter = await balance(house, program, account, again.position);
    expect({ ...(balanceAfter as object), asOf: null }).toEqual({
      ...(balanceBefore as object),
      asOf: null,
    });
  });

  it('opens what was sealed: cards, personal data and the keys of partners', async () => {
    const found = await house.manager('enrollment', `/v1/members/${program}/${member}`);
    expect(found.body).toMatchObject({ account, personal: { name: 'Ann Onymous' } });
    expect((await ticket('t-after')).status).toBe(202);
    const next = await submit(
      house,
      receipt(program, 'after', { card, lines: [line(1, 'tea', '1', '5.00')] }),
    );
    expect(at(next.body, 'outcome')).toBe('awarded');
    expect(Number(next.position)).toBeGreaterThan(position);
  });
});

async function* upTo(
  store: EventStore,
  last: number,
  options: Parameters<EventStore['readAll']>[0],
): ReturnType<EventStore['readAll']> extends AsyncIterable<infer E> ? AsyncGenerator<E> : never {
  for await (const event of store.readAll(options)) {
    if (event.position > BigInt(last)) return;
    yield event;
  }
}
