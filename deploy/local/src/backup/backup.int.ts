import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  createPostgresEventStore,
  digestStreams,
  eventStoreSchema,
  type StoreDigest,
} from '@tallystick/event-store';
import { createPool, migrate, type Database } from '@tallystick/postgres';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { dataFolder } from '../data/folder.js';
import { fillEventStore } from '../plans/fill.js';
import { keptSchemas } from './kept.js';
import { BackupUnusable, readManifest, writeManifest } from './manifest.js';
import { restoreBackup } from './restore-backup.js';
import { restoreInto } from './restore-into.js';
import { takeBackup } from './take-backup.js';

const events = 2_500;
const segmentMax = 1_000;

describe('a backup', () => {
  const opened: (() => Promise<void>)[] = [];
  let folder: string;
  let source: TestDatabase;
  let db: Database;

  const database = async (): Promise<TestDatabase> => {
    const one = await testDatabase();
    opened.push(() => one.drop());
    return one;
  };
  const connect = (url: string): Database => {
    const pool = createPool(url);
    opened.push(() => pool.end());
    return pool;
  };
  const digest = async (url: string): Promise<StoreDigest> => {
    const store = createPostgresEventStore({ db: url });
    try {
      return await digestStreams(store);
    } finally {
      await store.close();
    }
  };
  const append = (last: number): Promise<unknown> =>
    db.query(
      `select eventstore.append(array['x-' || $1], array[-1], array['x-' || $1], array[0], array[gen_random_uuid()],
                                array['X'], array[1], array['{"text":"ÿ\\u2028 €"}'], array['{}'])`,
      [last],
    );

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tallystick-backup-'));
    source = await database();
    db = connect(source.url);
    await migrate(db, eventStoreSchema.schema, eventStoreSchema.migrations);
    for (const { schema, migrations } of keptSchemas) await migrate(db, schema, migrations);
    await fillEventStore(db, events);
    await db.query(
      `insert into enrollment.members (program, member, account, since, context, personal)
         select 'p', 'm' || n, 'a' || n, 't', '{"one": 1.50}', decode(md5(n::text), 'hex') from generate_series(1, 700) n`,
    );
    await db.query(`select bus.ensure_topics(array['receipts', 'ledger'], array[2, 2])`);
    await db.query(`select bus.join_group('accrual', array['receipts', 'ledger'])`);
    await db.query(
      `select bus.publish(array_agg(id order by n), array_agg('k'::text), array_agg('i'::text), array_agg('{"a":  1}'::text), array_agg('ü' || n order by n))
         from bus.partitions, generate_series(1, 3) n`,
    );
    await db.query(
      `select bus.settle(p.id, 0, 2, array[0]::bigint[], array['why'], array[null]::text[], array[null]::text[])
         from bus.positions p join bus.partitions t on t.id = p.partition_id where t.topic = 'receipts'`,
    );
  });
  afterEach(async () => {
    for (const close of opened.splice(0).reverse()) await close();
    await rm(folder, { recursive: true });
  });

  it('is restored into an empty database, to the byte', async () => {
    await append(events + 1);
    const taken = await takeBackup(source.url, folder, { segmentMax });
    expect(taken).toMatchObject({ position: events + 1, newEvents: events + 1 });
    const target = await database();
    expect(await restoreBackup(target.url, folder)).toEqual({
      position: events + 1,
      rows: taken.rows,
    });
    expect(await digest(target.url)).toEqual(await digest(source.url));
    const restored = connect(target.url);
    for (const table of ['eventstore.events', 'enrollment.members', 'enrollment.rebuilt_to']) {
      const all = `select t::text from ${table} t order by 1`;
      expect((await restored.query(all)).rows).toEqual((await db.query(all)).rows);
    }
    const owner = `select tableowner from pg_tables where schemaname = 'enrollment'`;
    expect(new Set((await restored.query(owner)).rows.map((row) => JSON.stringify(row)))).toEqual(
      new Set(['{"tableowner":"tallystick_enrollment"}']),
    );
  });

  it('has of the bus what came from outside and is not done yet, and it is gone on with where it was', async () => {
    await takeBackup(source.url, folder);
    const target = await database();
    await restoreBackup(target.url, folder);
    const restored = connect(target.url);
    expect(
      (
        await restored.query(
          `select topic, partition, "offset", headers::text, value from bus.messages m join bus.partitions p on p.id = m.partition_id order by 1, 2, 3`,
        )
      ).rows,
    ).toEqual([
      { topic: 'receipts', partition: 0, offset: 2n, headers: '{"a":  1}', value: 'ü3' },
      { topic: 'receipts', partition: 1, offset: 2n, headers: '{"a":  1}', value: 'ü3' },
    ]);
    const dead = 'select topic, "offset", reason from bus.dead_letters order by partition';
    expect((await restored.query(dead)).rows).toEqual([
      { topic: 'receipts', offset: 0n, reason: 'why' },
      { topic: 'receipts', offset: 0n, reason: 'why' },
    ]);
    // Numbers go on: what is made now meets nothing that was restored.
    await restored.query(`select bus.ensure_topics(array['receipts', 'ledger'], array[2, 2])`);
    await restored.query(`select bus.join_group('accrual', array['receipts', 'ledger'])`);
    const positions = `select topic, position from bus.positions o join bus.partitions p on p.id = o.partition_id order by 1, partition`;
    expect((await restored.query(positions)).rows).toEqual([
      { topic: 'ledger', position: 0n },
      { topic: 'ledger', position: 0n },
      { topic: 'receipts', position: 2n },
      { topic: 'receipts', position: 2n },
    ]);
  });

  it('copies only what is new when it is taken again, and keeps no rows of before', async () => {
    await takeBackup(source.url, folder, { segmentMax });
    const first = await readManifest(folder);
    await append(events + 1);
    await db.query(`delete from enrollment.members where member <> 'm1'`);
    const again = await takeBackup(source.url, folder, { segmentMax });
    expect(again).toMatchObject({ position: events + 1, newEvents: 1 });
    const second = await readManifest(folder);
    expect(second?.segments.slice(0, 3)).toEqual(first?.segments);
    expect((await readdir(folder)).filter((name) => name.includes('enrollment.members'))).toEqual(
      second?.schemas.flatMap(({ tables }) =>
        tables.flatMap(({ file }) => (file.includes('enrollment.members') ? [file] : [])),
      ),
    );
    const target = await database();
    await restoreBackup(target.url, folder);
    expect(await digest(target.url)).toEqual(await digest(source.url));
  });

  it('is all of one moment, whatever is written meanwhile', async () => {
    let meanwhile: Promise<unknown> | undefined;
    await takeBackup(source.url, folder, {
      segmentMax,
      say: () => {
        meanwhile ??= (async () => {
          await append(events + 1);
          await db.query('delete from enrollment.members');
        })();
      },
    });
    await meanwhile;
    const manifest = await readManifest(folder);
    expect(manifest?.position).toBe(events);
    expect(manifest?.schemas[0]?.tables).toContainEqual(
      expect.objectContaining({ table: 'members', rows: 700 }),
    );
  });

  it('is refused whole where a file of it is damaged or missing, and leaves nothing behind', async () => {
    await takeBackup(source.url, folder, { segmentMax });
    const manifest = await readManifest(folder);
    const file = path.join(folder, manifest?.segments[1]?.file ?? '');
    const whole = await readFile(file);
    const target = await database();
    for (const damaged of [
      whole.subarray(0, 1_000),
      Buffer.from('other'),
      whole.with(4_000, whole[4_000] === 1 ? 2 : 1),
    ]) {
      await writeFile(file, damaged);
      await expect(restoreBackup(target.url, folder)).rejects.toThrow(/is missing or damaged/);
    }
    await rm(file);
    await expect(restoreBackup(target.url, folder)).rejects.toThrow(BackupUnusable);
    const there = `select to_regclass('eventstore.events') as events`;
    expect((await connect(target.url).query(there)).rows).toEqual([{ events: null }]);
    await writeFile(file, whole);
    await restoreBackup(target.url, folder);
    expect(await digest(target.url)).toEqual(await digest(source.url));
  });

  it('that is damaged leaves nothing in the folder that it was to be restored into, and takes nothing away', async () => {
    await takeBackup(source.url, folder, { segmentMax });
    await writeFile(path.join(folder, 'keys.json'), '{}');
    const manifest = await readManifest(folder);
    await writeFile(path.join(folder, manifest?.segments[1]?.file ?? ''), 'other');
    const parent = await mkdtemp(path.join(tmpdir(), 'tallystick-restored-'));
    opened.push(() => rm(parent, { recursive: true }));
    const into = (name: string) =>
      restoreInto(
        { kind: 'folder', folder: dataFolder(path.join(parent, name)) },
        folder,
        () => {},
      );
    await expect(into('new')).rejects.toThrow(/is missing or damaged/);
    expect(await readdir(parent)).toEqual([]);
    await mkdir(path.join(parent, 'mine'));
    await writeFile(path.join(parent, 'mine', 'notes.txt'), 'mine');
    await expect(into('mine')).rejects.toThrow(/is missing or damaged/);
    expect(await readdir(path.join(parent, 'mine'))).toEqual(['notes.txt']);
  });

  it('is refused where it does not fit: rows that are there, another store, a newer release, no backup', async () => {
    const empty = await mkdtemp(path.join(tmpdir(), 'tallystick-backup-'));
    opened.push(() => rm(empty, { recursive: true }));
    await takeBackup(source.url, folder);
    await expect(restoreBackup(source.url, folder)).rejects.toThrow('eventstore.events has rows');
    await expect(restoreBackup(source.url, empty)).rejects.toThrow('there is no backup in');
    const manifest = await readManifest(folder);
    if (manifest === undefined) throw new Error('there is no manifest');
    const elsewhere = { ...manifest, lastEvent: '00000000-0000-5000-8000-000000000000' };
    await writeManifest(folder, elsewhere);
    await expect(takeBackup(source.url, folder)).rejects.toThrow('a backup of another store');
    const newer = manifest.schemas.map((one) => ({ ...one, migration: '9999-newer' }));
    await writeManifest(folder, { ...manifest, schemas: newer });
    const target = await database();
    await expect(restoreBackup(target.url, folder)).rejects.toThrow('by a newer release');
    await writeFile(path.join(folder, 'manifest.json'), '{');
    await expect(takeBackup(source.url, folder)).rejects.toThrow('is damaged');
  });
});
