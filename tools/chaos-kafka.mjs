/**
 * `npm run chaos:kafka [-- --messages 1000000 --cards 20000 --seed 4711]`: receipts over a real Kafka while members come and
 * go and broker and services are killed; then checks that each message has one outcome. `npm test` runs the same with a few.
 */
import { parseArgs } from 'node:util';
import { run } from './run.mjs';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '1000000' },
    cards: { type: 'string', default: '20000' },
    seed: { type: 'string' },
    rebalances: { type: 'string', default: '10' },
    'broker-kills': { type: 'string', default: '5' },
    'service-kills': { type: 'string', default: '5' },
  },
});
for (const [name, value] of Object.entries(values))
  process.env[`TALLYSTICK_CHAOS_${name.toUpperCase().replace('-', '_')}`] = value;

if (process.env.KAFKA_BROKERS !== undefined)
  throw new Error(
    'KAFKA_BROKERS names a Kafka that nobody may kill: unset it, and the run starts one',
  );
// Who asks for this run by name is told where it cannot be had, as in CI: it is not left out.
process.env.CI ??= 'true';

const good = await run(
  'jest/bin/jest.js',
  ['--selectProjects', 'e2e', '--testPathPatterns', 'e2e/kafka-chaos\\.e2e'],
  { nodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'] },
);
process.exitCode = good ? 0 : 1;
