import pg from 'pg';
import { createPool, type Connection, type Database } from './pool.js';
import { migrate, type MigrateOptions } from './migrations/migrate.js';
import type { Migration } from './migrations/migration.js';
import { transaction } from './transaction.js';

/** What a service may do in a shared schema; what that means is the schema's own business. */
export type Access = 'write' | 'read' | 'none';

/** A role that logs in, and the schema that it owns. */
export interface ServiceRole {
  readonly role: string;
  readonly schema: string;
  /** Without one the role keeps what it has; a role that is made new cannot log in then. */
  readonly password?: string;
  /** Rights in the shared schemas by their names; `write` where a name is missing. */
  readonly access?: Readonly<Record<string, Access>>;
}

/** A schema that belongs to the administrator and that services use. */
export interface SharedSchema {
  readonly schema: string;
  readonly migrations: readonly Migration[];
  /** The SQL that gives a role its rights. `role` is quoted already. All earlier rights have been taken away. */
  readonly grants: (role: string, access: Exclude<Access, 'none'>) => string;
}

const attemptsMax = 20;
const retryDelayMs = 50;

/**
 * Brings a database to the state in which the services can start, as its administrator (a superuser, or a role
 * with CREATEROLE that owns the database): shared schemas with their migrations, one role and one schema per
 * service, exactly the rights that are stated. Idempotent, and safe to run from several processes at once.
 * A role's password becomes the one that is given.
 */
export const provision = async (
  adminUrl: string,
  services: readonly ServiceRole[],
  shared: readonly SharedSchema[],
  options: MigrateOptions = {},
): Promise<void> => {
  const db = createPool(adminUrl, { max: 1, applicationName: 'tallystick provision' });
  try {
    for (const { schema, migrations } of shared) await migrate(db, schema, migrations, options);
    for (const service of services) {
      await whenRolesAreFree(db, async (tx) => {
        await ensureRole(tx, service);
        await ensureOwnSchema(tx, service);
        for (const one of shared) await grantShared(tx, service, one);
      });
    }
  } finally {
    await db.end();
  }
};

/**
 * Roles belong to the whole server: two databases that are provisioned at once touch the same rows, which PostgreSQL
 * answers with an error instead of waiting ('tuple concurrently updated', or a role that has just appeared).
 */
const whenRolesAreFree = async (
  db: Database,
  work: (tx: Connection) => Promise<void>,
): Promise<void> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await transaction(db, async (tx) => {
        await tx.query(`select pg_advisory_xact_lock(hashtextextended('tallystick provision', 0))`);
        await work(tx);
      });
      return;
    } catch (error) {
      if (attempt === attemptsMax || !isRoleRace(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, retryDelayMs * (1 + Math.random())));
    }
  }
};

const isRoleRace = (error: unknown): boolean =>
  error instanceof pg.DatabaseError &&
  (error.code === '42710' ||
    error.code === '40P01' ||
    (error.code === '23505' && error.table?.startsWith('pg_') === true) ||
    (error.code === 'XX000' && error.message.startsWith('tuple concurrently')));

const ensureRole = async (tx: Connection, { role, password }: ServiceRole): Promise<void> => {
  const name = pg.escapeIdentifier(role);
  const { rowCount } = await tx.query('select 1 from pg_roles where rolname = $1', [role]);
  if (rowCount === 0) await tx.query(`create role ${name}`);
  if (password !== undefined) {
    await tx.query(`alter role ${name} login password ${pg.escapeLiteral(password)}`);
  }
  // An administrator who is no superuser may hand a schema only to a role that it is a member of.
  await tx.query(`do $$ begin
    if not (select rolsuper from pg_roles where rolname = current_user) then
      execute format('grant %I to %I', ${pg.escapeLiteral(role)}, current_user);
    end if;
  end $$`);
};

const ensureOwnSchema = async (tx: Connection, { role, schema }: ServiceRole): Promise<void> => {
  const [name, owner] = [pg.escapeIdentifier(schema), pg.escapeIdentifier(role)];
  await tx.query(`create schema if not exists ${name} authorization ${owner}`);
  await tx.query(`alter schema ${name} owner to ${owner}`);
};

const grantShared = async (
  tx: Connection,
  service: ServiceRole,
  { schema, grants }: SharedSchema,
): Promise<void> => {
  const [name, role] = [pg.escapeIdentifier(schema), pg.escapeIdentifier(service.role)];
  for (const kind of ['tables', 'sequences', 'routines']) {
    await tx.query(`revoke all on all ${kind} in schema ${name} from ${role}`);
  }
  await tx.query(`revoke all on schema ${name} from ${role}`);
  const access = service.access?.[schema] ?? 'write';
  if (access !== 'none') await tx.query(grants(role, access));
};
