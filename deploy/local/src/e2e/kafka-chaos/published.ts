import { topics } from '@tallystick/contracts';
import type { EventStore } from '@tallystick/event-store';
import type { MessageBus } from '@tallystick/message-bus';
import { faultList } from './outcomes.js';
import { readTopic } from './reading.js';

/** What went out, compared with the store. */
export interface Published {
  readonly events: number;
  /** Messages that were published again, with the ids that they had. */
  readonly again: number;
  readonly wrong: readonly string[];
}

/** Every event of the ledger is on its topic, each account's in order and without a gap; one that comes again is the same one. */
export const comparePublished = async (bus: MessageBus, store: EventStore): Promise<Published> => {
  const { list, add: wrong } = faultList();
  /** Of each account: the ids of its events by revision, as they went out. */
  const out = new Map<string, string[]>();
  let again = 0;
  await readTopic(bus, topics.ledger.name, ({ key, id, value }) => {
    const revision = Number(/"revision":(\d+)/.exec(value)?.[1]);
    const ids = out.get(key) ?? [];
    out.set(key, ids);
    if (revision === ids.length) ids.push(id);
    else if (ids[revision] === id) again += 1;
    else wrong(`${key} has ${id} at ${revision} behind ${ids.length - 1}`);
  });
  let events = 0;
  for await (const { stream, revision, id } of store.readAll({ categories: ['ledger'] })) {
    events += 1;
    if (out.get(stream)?.[revision] !== id) wrong(`${stream} at ${revision} did not go out`);
  }
  const published = [...out.values()].reduce((sum, { length }) => sum + length, 0);
  if (published !== events) wrong(`${published} events went out of ${events}`);
  return { events, again, wrong: list };
};
