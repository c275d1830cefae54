/**
 * `npm run mutation [-- <part>…]`: plants bugs, one at a time, and tells which no test finds. Parts: ledger, postgres, eventstoredb, accounts;
 * all of them when none is named. `-- <part> --files <glob>` does some files alone. Results are kept: what has not changed is not tried again.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromTestingBuild } from '../jest/testing-build.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const parts = ['ledger', 'postgres', 'eventstoredb', 'accounts'];
const withDatabase = new Set(['postgres', 'accounts']);
/** Each property is tried with a twentieth of its histories: a bug that only the rarest of them shows is counted as not found. */
const propertyRuns = '0.05';

const args = process.argv.slice(2);
const filesAt = args.indexOf('--files');
const files = filesAt < 0 ? undefined : args.splice(filesAt, 2)[1];
const chosen = args.length === 0 ? parts : args;
for (const part of chosen) {
  if (!parts.includes(part)) throw new Error(`${part} is none of ${parts.join(', ')}`);
}

const stryker = path.join(
  path.dirname(createRequire(import.meta.url).resolve('@stryker-mutator/core/package.json')),
  'bin/stryker.js',
);

/** What a killed process would lose is of no worth here: a commit need not wait for the disk. */
const withoutSync = async (url) => {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (const setting of ['fsync', 'full_page_writes'])
    await client.query(`alter system set ${setting} = off`);
  await client.query('select pg_reload_conf()');
  await client.end();
};

const needsDatabase = chosen.some((part) => withDatabase.has(part));
const own = needsDatabase && process.env.TALLYSTICK_TEST_POSTGRES_URL === undefined;
if (needsDatabase) {
  await (
    await fromTestingBuild('jest-global-setup', { build: true })
  )();
  if (own) await withoutSync(process.env.TALLYSTICK_TEST_POSTGRES_URL);
}
let failed = false;
try {
  for (const part of chosen) {
    const config = path.join('tools/mutation', `stryker.${part}.mjs`);
    if (!existsSync(path.join(root, config))) throw new Error(`${config} is missing`);
    const { status } = spawnSync(
      process.execPath,
      [stryker, 'run', config, ...(files === undefined ? [] : ['--mutate', files])],
      {
        cwd: root,
        stdio: 'inherit',
        env: { TALLYSTICK_PROPERTY_RUNS: propertyRuns, ...process.env },
      },
    );
    failed ||= status !== 0;
  }
} finally {
  if (own) await (await fromTestingBuild('jest-global-teardown', { build: false }))();
}
process.exitCode = failed ? 1 : 0;
