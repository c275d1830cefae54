/**
 * `npm test`: every check of the project, one after the other; one that fails hides no later one.
 * `npm test -- <pattern>` (or any arguments of jest) runs only the matching tests.
 * The last line is always `N passed, N failed`, with `, N skipped` when tests were skipped.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkAsyncApi } from './asyncapi.mjs';
import { checkBorders } from './borders/check.mjs';
import { lint } from './lint.mjs';
import { checkProto } from './proto.mjs';
import { refreshProjectGraph, run } from './run.mjs';
import { checkWorkspaces } from './workspaces.mjs';

const minutesMs = 60_000;
/** A test that never ends must not keep the machine: generous, for slow ones. */
const kindTimeoutsMs = { unit: 5 * minutesMs, int: 15 * minutesMs, e2e: 25 * minutesMs };
const kinds = Object.keys(kindTimeoutsMs);

const jestArgs = process.argv.slice(2);
const reports = mkdtempSync(path.join(tmpdir(), 'tallystick-reports-'));
const totals = { passed: 0, failed: 0, skipped: 0 };
const failures = [];

const failed = (what) => {
  totals.failed += 1;
  failures.push(what);
};

/** A check that is one thing to pass or fail. */
const check = async (name, work) => {
  console.log(`\n== ${name}`);
  const startedMs = Date.now();
  let good = false;
  try {
    good = await work();
  } catch (error) {
    console.error(error);
  }
  if (good) totals.passed += 1;
  else failed(name);
  console.log(
    `${good ? 'ok' : 'FAILED'}: ${name} (${((Date.now() - startedMs) / 1000).toFixed(1)} s)`,
  );
};

/** One check per fixture: what must fail the linter, fails it. */
const borders = async () => {
  console.log('\n== borders');
  try {
    for (const { name, problem } of await checkBorders()) {
      if (problem === undefined) totals.passed += 1;
      else failed(`border ${name}: ${problem}`);
      console.log(problem === undefined ? `ok: ${name}` : `FAILED: ${name}: ${problem}`);
    }
  } catch (error) {
    console.error(error);
    failed('borders: the check itself');
  }
};

/** Tests of one kind. What went wrong outside any test counts as a failure of its own. */
const jest = async (kind) => {
  console.log(`\n== ${kind} tests`);
  const file = path.join(reports, `${kind}.json`);
  const good = await run(
    'jest/bin/jest.js',
    ['--selectProjects', kind, '--passWithNoTests', '--json', '--outputFile', file, ...jestArgs],
    {
      nodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
      timeoutMs: kindTimeoutsMs[kind],
    },
  );
  if (!existsSync(file)) {
    failed(`${kind} tests: jest ended without a report`);
    return 0;
  }
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const failedBefore = totals.failed;
  totals.passed += report.numPassedTests;
  totals.skipped += report.numPendingTests + report.numTodoTests;
  for (const suite of report.testResults) {
    const name = path.relative(process.cwd(), suite.name);
    const failing = suite.assertionResults.filter(({ status }) => status === 'failed');
    failing.forEach(({ fullName }) => failed(`${name}: ${fullName}`));
    if (suite.status === 'failed' && failing.length === 0) failed(`${name}: does not run`);
  }
  if (!good && totals.failed === failedBefore) failed(`${kind} tests: jest did not end well`);
  return report.numTotalTests;
};

await check('build', () => run('typescript/bin/tsc', ['-b']));

if (jestArgs.length === 0) {
  await check('workspaces', checkWorkspaces);
  await check('project graph', refreshProjectGraph);
  await check('lint', lint);
  await borders();
  await check('proto', checkProto);
  await check('asyncapi', checkAsyncApi);
  await check('types of the tests', () => run('typescript/bin/tsc', ['-p', 'tsconfig.spec.json']));
  await check('format', () =>
    run('prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']),
  );
}

let found = 0;
for (const kind of kinds) {
  const count = await jest(kind);
  if (count === 0 && jestArgs.length === 0) failed(`${kind} tests: there are none`);
  found += count;
}
if (found === 0 && jestArgs.length > 0) failed(`no test matches ${jestArgs.join(' ')}`);
rmSync(reports, { recursive: true, force: true });

if (failures.length > 0) {
  console.log(`\nFailed:\n${failures.map((failure) => `- ${failure}`).join('\n')}`);
}
process.exitCode = totals.failed === 0 ? 0 : 1;
console.log(
  `\n${totals.passed} passed, ${totals.failed} failed${totals.skipped > 0 ? `, ${totals.skipped} skipped` : ''}`,
);
