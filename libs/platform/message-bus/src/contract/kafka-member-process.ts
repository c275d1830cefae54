import { setTimeout as sleep } from 'node:timers/promises';
import { createKafkaMessageBus } from '../kafka/bus.js';
import { effects, shortSession } from './bus-under-test.js';

/**
 * A member of a group in a process of its own, for the test that stops it: `<broker> <prefix> <topic> <group>`. Prints each message that
 * takes effect as `[key, value]`, and stays until it is killed, or whoever started it is gone.
 */
const [broker = '', prefix = '', topic = '', group = ''] = process.argv.slice(2);
const bus = createKafkaMessageBus({ brokers: [broker], prefix, limits: shortSession });
const seen = effects(async ({ key, value }) => {
  await sleep(2);
  process.stdout.write(`${JSON.stringify([key, value])}\n`);
});
await bus.subscribe({ topics: [topic], group, handler: seen.handler });
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit();
}, 1000);
