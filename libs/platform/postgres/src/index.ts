export * from './pool.js';
export * from './transaction.js';
export * from './session.js';
export * from './unavailable.js';
export { appliedTo, migrate, migrationsUpTo, type MigrateOptions } from './migrations/migrate.js';
export {
  MigrationBlocked,
  MigrationConflict,
  SchemaTooNew,
  type Migration,
  type OnlineMigration,
  type OnlineStep,
  type PlainMigration,
} from './migrations/migration.js';
export * from './provision.js';
export * from './constraint.js';
