import { categoryOf } from '@tallystick/kernel';
import type { Message, Verdict } from '@tallystick/message-bus';
import { transaction, type Database } from '@tallystick/postgres';
import { decodeRelayed, PoisonMessage } from '@tallystick/service-host';
import { databaseAttributes } from '@tallystick/telemetry';
import type { Parts } from '../parts.js';
import type { Standing } from '../views/apply.js';
import type { Folder } from '../views/folder.js';
import { areViewsMissing } from '../views/missing.js';
import type { StreamEvent } from '../views/projection.js';
import { streamEvent } from './decode-relayed-event.js';

const done: Verdict = { kind: 'done' };
const writing = { system: 'postgresql', namespace: 'reporting', operation: 'fold' };

/**
 * Folds a batch of messages into the live views, in one transaction, and answers per message. What was delivered before
 * is done; what cannot be folded is tried again until someone has looked: skipping it would make the figures wrong.
 * Throws what the database throws, and then the whole batch comes again.
 */
export const hear = async (
  { db, log, telemetry }: Pick<Parts, 'db' | 'log' | 'telemetry'>,
  folder: Folder,
  batch: readonly Message[],
): Promise<Verdict[]> => {
  const verdicts: Verdict[] = batch.map(() => done);
  const events: StreamEvent[] = [];
  const causes: (string | undefined)[] = [];
  const indexes: number[] = [];
  batch.forEach((message, index) => {
    const event = read(message);
    if (event instanceof PoisonMessage) {
      verdicts[index] = { kind: 'poison', reason: event.reason };
    } else if (categoryOf(event.stream) === folder.category) {
      // A topic may carry streams of other categories too: those are not ours.
      events.push(event);
      causes.push(message.headers['traceparent']);
      indexes.push(index);
    }
  });
  if (events.length === 0) return verdicts;

  const work = telemetry?.work('views', [folder.category], causes, (times) =>
    databaseAttributes(writing, times),
  );
  let standings: readonly Standing[];
  try {
    standings = await fold(db, folder, events);
  } catch (error) {
    work?.end(error);
    throw error;
  }
  work?.end();
  const blocked = new Set<string>();
  standings.forEach((standing, at) => {
    const index = indexes[at];
    if (index === undefined || standing.kind !== 'blocked') return;
    verdicts[index] = { kind: 'retry', reason: standing.reason };
    blocked.add(standing.reason);
  });
  for (const reason of blocked) {
    log.error(
      { topic: folder.topic, reason },
      'the views cannot go on: look at the events, or run tally replay --rebuild',
    );
  }
  return verdicts;
};

const read = (message: Message): StreamEvent | PoisonMessage => {
  try {
    return streamEvent(decodeRelayed(message));
  } catch (error) {
    if (error instanceof PoisonMessage) return error;
    throw error;
  }
};

const fold = async (
  db: Database,
  folder: Folder,
  events: readonly StreamEvent[],
): Promise<readonly Standing[]> => {
  try {
    const applied = await transaction(db, (tx) => folder.apply(tx, events));
    applied.keep();
    return applied.standings;
  } catch (error) {
    if (!areViewsMissing(error)) throw error;
    throw new Error('the views are not there: run tally replay --rebuild', { cause: error });
  }
};
