/**
 * `npm run mutation [-- <part>…]`: plants bugs, one at a time, and tells which no test finds. Parts: ledger, postgres, eventstoredb, accounts;
 * all of them when none is named. `-- <part> --files <glob>` does some files alone.
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

/** In memory where there is such a place: a commit waits for no disk, and is not weakened for it. */
const inMemory = '/dev/shm';
const startDatabase = async () => {
  const { TMPDIR } = process.env;
  if (existsSync(inMemory)) process.env.TMPDIR = inMemory;
  await (
    await fromTestingBuild('jest-global-setup', { build: true })
  )();
  if (TMPDIR === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = TMPDIR;
};

const needsDatabase = chosen.some((part) => withDatabase.has(part));
if (needsDatabase) await startDatabase();
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
  if (needsDatabase) await (await fromTestingBuild('jest-global-teardown', { build: false }))();
}
process.exitCode = failed ? 1 : 0;
