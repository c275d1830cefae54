/**
 * `npm run crash [-- --points 200 --seed 4711]`: kills PostgreSQL and services under load, again and again, and checks
 * that nothing acknowledged is lost and nothing is done twice. `npm test` runs the same with a few points.
 */
import { parseArgs } from 'node:util';
import { run } from './run.mjs';

const { values } = parseArgs({
  options: { points: { type: 'string', default: '200' }, seed: { type: 'string' } },
});
process.env.TALLYSTICK_CRASH_POINTS = values.points;
if (values.seed !== undefined) process.env.TALLYSTICK_CRASH_SEED = values.seed;

const good = await run(
  'jest/bin/jest.js',
  ['--selectProjects', 'e2e', '--testPathPatterns', 'e2e/crash\\.e2e'],
  { nodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'] },
);
process.exitCode = good ? 0 : 1;
