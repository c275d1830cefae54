import { argv, stdout } from 'node:process';
import type { RecordedEvent } from '../port.js';
import { sampleStream } from './events.js';
import { openStore } from './open-store.js';

/**
 * A process that reads a store in one of three ways, and prints how many events it read and the most memory that it was
 * seen to have, in KiB (`maxRSS` would not do: it counts what the process had that started this one). Arguments: the module that opens the store, its argument, `all`, `follow` or the name of a sample stream,
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

const lookEvery = 200;
let read = 0;
let rss = 0;
for await (const { data } of events) {
  if (data.length > 0) read += 1;
  if (read % lookEvery === 0) rss = Math.max(rss, process.memoryUsage.rss());
  if (read === Number(count)) break;
}
await store.close();
stdout.write(`${read} ${Math.round(rss / 1_024)}\n`);
