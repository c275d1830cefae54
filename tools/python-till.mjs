/**
 * `npm run python-till [-- --receipts 100000]`: a till in Python writes receipts to Kafka in JSON and as many in protobuf, and
 * the same go over HTTP: every balance must be equal. `npm test` runs the same with a few, where there is a Python. Where Python or Kafka
 * is missing, this says so and ends with 1.
 */
import { parseArgs } from 'node:util';
import { run } from './run.mjs';

const { values } = parseArgs({ options: { receipts: { type: 'string', default: '100000' } } });
// Says also that it is asked for by name: where it cannot be had, it is not left out.
process.env.TALLYSTICK_PYTHON_RECEIPTS = values.receipts;

const good = await run(
  'jest/bin/jest.js',
  ['--selectProjects', 'e2e', '--testPathPatterns', 'e2e/python-till\\.e2e'],
  { nodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'] },
);
process.exitCode = good ? 0 : 1;
