import { argv, stdout } from 'node:process';
import type { BareEvent } from '../port.js';
import { sampleStream } from './events.js';
import { openStore } from './open-store.js';

/**
 * A process that reads a store in one of four ways, and prints how many events it read and the most memory that it was
 * seen to have, in KiB (`maxRSS` would not do: it counts what the process had that started this one). Arguments: the module that opens the store, its argument, `all`, `bare`, `follow` or the name of a sample stream,
 * and the number of events to read.
 */
const [, , moduleUrl, argument, what = '', count = ''] = argv;
const store = await openStore(moduleUrl, argument);

async function* eachOf(batches: AsyncIterable<readonly BareEvent[]>): AsyncGenerator<BareEvent> {
  for await (const batch of batches) yield* batch;
}
const { signal } = new AbortController();
const events =
  what === 'all'
    ? store.readAll()
    : what === 'bare'
      ? eachOf(store.readAllBare())
      : what === 'follow'
        ? eachOf(store.follow({ batchMax: 1_000, signal }))
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
