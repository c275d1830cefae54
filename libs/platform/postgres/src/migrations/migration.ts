import { createHash } from 'node:crypto';

interface Described {
  /** `0001-events`: a number of four digits for the order, then what it is about. */
  readonly name: string;
  /** One sentence for people: what changes, and why. */
  readonly note: string;
  /**
   * Takes away what an older release uses: from then on a release that does not know this migration refuses to start.
   * Only after every process of the release before has gone; see docs/operations.md.
   */
  readonly contracts?: boolean;
}

/** SQL in one transaction, together with its plain neighbours: whole or not at all. For what is done in a moment. */
export interface PlainMigration extends Described {
  /** Runs with the schema as its search path. */
  readonly sql: string;
}

/** Steps that each leave the schema usable while others write. A start that was killed in between goes on from the step it was at. */
export interface OnlineMigration extends Described {
  readonly online: readonly OnlineStep[];
}

export type OnlineStep =
  /** `create index concurrently`. One that was left invalid by a kill is dropped and made again. */
  | {
      readonly kind: 'index';
      readonly index: string;
      /** `events (type, position)` */
      readonly on: string;
      readonly unique?: boolean;
    }
  /**
   * A transaction of its own. What takes strong locks has to be done in a moment (`add constraint ... not valid`); what takes long has to
   * lock weakly (`validate constraint`).
   */
  | { readonly kind: 'sql'; readonly sql: string }
  /**
   * A statement that is run again and again, each time in a transaction of its own. `$1` is where the one before ended (text; null at first);
   * it answers one row: `next`, text, where it ended (null: nothing is left), and `rows`, how many it changed.
   */
  | { readonly kind: 'batches'; readonly about: string; readonly sql: string };

/** One step of a schema. Once released it never changes: the next step is a new migration. */
export type Migration = PlainMigration | OnlineMigration;

/** The migrations in the database and those in the code contradict each other: nothing was changed. */
export class MigrationConflict extends Error {
  constructor(schema: string, message: string) {
    super(`schema ${schema}: ${message}`);
    this.name = 'MigrationConflict';
  }
}

/** The database was brought to a release that this one cannot work with. */
export class SchemaTooNew extends Error {
  constructor(schema: string, migration: string) {
    super(
      `schema ${schema}: a newer release has applied ${migration}, which takes away what this release uses: start the newer release`,
    );
    this.name = 'SchemaTooNew';
  }
}

/** Somebody's transaction kept a lock for too long; nothing of the step was done. */
export class MigrationBlocked extends Error {
  constructor(schema: string, what: string, tries: number, holders: string, cause: unknown) {
    super(
      `schema ${schema}: ${what} did not get its lock in ${tries} tries. The longest transactions now: ${holders}. End them, and start again`,
      { cause },
    );
    this.name = 'MigrationBlocked';
  }
}

export interface Applied {
  readonly name: string;
  readonly checksum: string;
  readonly contracts: boolean;
}

const namePattern = /^\d{4}-[a-z0-9-]+$/;

export const isOnline = (migration: Migration): migration is OnlineMigration =>
  'online' in migration;

export const checksumOf = (migration: Migration): string =>
  createHash('sha256')
    .update(isOnline(migration) ? JSON.stringify(migration.online) : migration.sql)
    .digest('hex');

/** Throws when names are not in order, or not like names. */
export const checkNames = (schema: string, migrations: readonly Migration[]): void => {
  let previous = '';
  for (const { name } of migrations) {
    if (!namePattern.test(name))
      throw new Error(`schema ${schema}: '${name}' is not like 0001-name`);
    if (name <= previous) {
      throw new Error(`schema ${schema}: migration ${name} is not in order after ${previous}`);
    }
    previous = name;
  }
};

/**
 * What is still to be applied. Migrations that the database has and the code does not (a newer release ran before) are left alone.
 * Throws `MigrationConflict` when an applied one has changed or a new one would come before it, `SchemaTooNew`
 * when the newer release's took away what this one uses.
 */
export const pendingOf = (
  schema: string,
  migrations: readonly Migration[],
  applied: readonly Applied[],
): readonly Migration[] => {
  const known = new Set(migrations.map(({ name }) => name));
  const breaking = applied.find(({ name, contracts }) => contracts && !known.has(name));
  if (breaking !== undefined) throw new SchemaTooNew(schema, breaking.name);
  const checksums = new Map(applied.map(({ name, checksum }) => [name, checksum]));
  const newest = applied.at(-1)?.name ?? '';
  return migrations.filter((migration) => {
    const { name } = migration;
    const checksum = checksums.get(name);
    if (checksum === undefined) {
      if (name < newest) {
        throw new MigrationConflict(schema, `${name} is new, but ${newest} was applied already`);
      }
      return true;
    }
    if (checksum !== checksumOf(migration)) {
      throw new MigrationConflict(
        schema,
        `${name} has changed since it was applied: add a new one`,
      );
    }
    return false;
  });
};
