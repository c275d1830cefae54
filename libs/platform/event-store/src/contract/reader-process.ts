import { argv, stdout } from 'node:process';
import type { RecordedEvent } from '../port.js';
import { sampleStream } from './events.js';
import { openStore } from './open-store.js';

/**
 * A process that reads a store in one of three ways, and prints how many events it read and the most memory that it
 * had, in KiB. Arguments: the module that opens the store, its argument, `all`, `follow` or the name of a sample stream,
 * and the number of events to read.
 */
const [, , moduleUrl, argument, what = '', count = ''] = argv;
const store = await openStore(moduleUrl, argument);

async function* followed(): AsyncGenerator<RecordedEvent> {
  const { signal } = new AbortController();
  for await (const batch of store.follow({ batchMax: 1_000, signal })) yield* batch;
}
const events =
  what === 'all'
    ? store.readAll()
    : what === 'follow'
      ? followed()
      : store.readStream(sampleStream(what));

let read = 0;
for await (const { data } of events) {
  if (data.length > 0) read += 1;
  if (read === Number(count)) break;
}
await store.close();
stdout.write(`${read} ${process.resourceUsage().maxRSS}\n`);
