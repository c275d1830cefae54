import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventStoreSchema } from '@tallystick/event-store';
import { busSchema } from '@tallystick/message-bus';
import { createPool, migrate, migrationsUpTo, type Database } from '@tallystick/postgres';
import { relaySchema } from '@tallystick/relay';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { definitions } from '../../system/services.js';
import { busCases } from './cases/bus.js';
import { eventStoreCases } from './cases/eventstore.js';
import { relayCases } from './cases/relay.js';
import {
  accrualCases,
  enrollmentCases,
  partnersCases,
  redemptionCases,
  reportingCases,
} from './cases/services.js';
import type { MigrationCases } from './migration-case.js';

/** Every schema that this release makes, with what it promises about each of its migrations. */
const schemas = [eventStoreSchema, busSchema, relaySchema]
  .map(({ schema, migrations }) => ({ schema, migrations }))
  .concat(Object.values(definitions).map(({ name, migrations }) => ({ schema: name, migrations })));
const cases: Readonly<Record<string, MigrationCases>> = {
  eventstore: eventStoreCases,
  bus: busCases,
  relay: relayCases,
  enrollment: enrollmentCases,
  accrual: accrualCases,
  redemption: redemptionCases,
  partners: partnersCases,
  reporting: reportingCases,
};
const sentence = /^[A-Z][^]{20,}$/;

describe.each(schemas)('the migrations of $schema', ({ schema, migrations }) => {
  let database: TestDatabase;
  let db: Database;
  beforeEach(async () => {
    database = await testDatabase();
    db = createPool(database.url, { searchPath: schema });
  });
  afterEach(async () => {
    await db.end();
    await database.drop();
  });

  it('each have a case here, a note for people, and a number of their own', () => {
    const names = migrations.map(({ name }) => name);
    expect(Object.keys(cases[schema] ?? {}).sort()).toEqual(names);
    for (const { note } of migrations) expect(note).toMatch(sentence);
    expect(new Set(names.map((name) => name.slice(0, 4))).size).toBe(names.length);
  });

  it.each(migrations.map(({ name }) => name))(
    '%s leaves what was there before as it has to be after',
    async (name) => {
      const found = cases[schema]?.[name];
      if (found === undefined) throw new Error(`${name} has no case`);
      const upToIt = migrationsUpTo(migrations, name);
      await migrate(db, schema, upToIt.slice(0, -1));
      await found.before(db);
      await migrate(db, schema, upToIt);
      await found.after(db);
    },
  );

  it('can all be applied by a process that finds the schema as any release left it', async () => {
    for (const { name } of migrations) await migrate(db, schema, migrationsUpTo(migrations, name));
    await migrate(db, schema, migrations);
    const { rows } = await db.query<{ name: string }>(
      'select name from migrations order by applied_at, name',
    );
    expect(rows.map(({ name }) => name)).toEqual(migrations.map(({ name }) => name));
  });
});
