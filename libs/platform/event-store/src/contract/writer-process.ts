import { argv, stdout } from 'node:process';
import type { EventStore, ExpectedRevision, StreamWrite } from '../port.js';
import { sampleEvent, sampleEvents, sampleStream } from './events.js';
import { openStore } from './open-store.js';

/**
 * A process that appends from several writers at once, for tests of order and of killed writers.
 * Arguments: the module that opens the store, its argument, the process's name, the number of writers, of appends
 * each (0: until it is killed), and of events in each append. Prints `<stream> <id>` for every event that was acknowledged.
 *
 * Each writer has a stream of its own. Every third append goes to one that all writers of all processes share, where most of
 * them lose; every sixth also names a stream at a revision that it never has, so that nothing of it may stay.
 */
const [, , moduleUrl, argument, name = '', writers = '', appends = '', size = ''] = argv;
const neverThere = 1_000_000;

const next = (revision: ExpectedRevision, count: number): number =>
  (revision === 'noStream' ? -1 : revision) + count;

const write = async (store: EventStore, writer: number): Promise<void> => {
  const own = sampleStream(`${name}-${writer}`);
  const shared = sampleStream('shared');
  const revisions = new Map<string, ExpectedRevision>();
  for (let count = 0; appends === '0' || count < Number(appends); count += 1) {
    const stream = count % 3 === 2 ? shared : own;
    const expected = revisions.get(stream) ?? 'noStream';
    const events = sampleEvents(`${name}-${writer}-${count}`, Number(size));
    const writes: StreamWrite[] = [{ stream, expected, events }];
    if (count % 6 === 5) {
      const hopeless = sampleEvent(`${name}-${writer}-${count}-hopeless`);
      writes.unshift({ stream: own, expected: neverThere, events: [hopeless] });
    }
    const result = await store.append(writes);
    if (result.kind === 'conflict') {
      revisions.set(result.stream, result.actual);
      continue;
    }
    revisions.set(stream, next(expected, events.length));
    for (const { id } of events) stdout.write(`${stream} ${id}\n`);
  }
};

const store = await openStore(moduleUrl, argument);
await Promise.all(Array.from({ length: Number(writers) }, (_, writer) => write(store, writer)));
await store.close();
