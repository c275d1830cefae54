import type { PartnerEventReceived } from '@tallystick/contracts';
import type { RecordedEvent } from '@tallystick/event-store';
import { instant } from '@tallystick/kernel';
import { metadata } from '@tallystick/service-host';
import { readPartnersEvent, receivedEvent } from '../partner/events.js';
import { partnerEventStream, type PartnerEventRef } from '../partner/ids.js';
import type { Parts } from '../parts.js';
import { restore } from '../rebuild/restore.js';
import {
  eventRow,
  insertEvent,
  keepConflict,
  noteAppended,
  type Delivery,
  type EventRow,
} from './event-rows.js';

export type ReceiveAnswer =
  | { readonly kind: 'accepted'; readonly known: boolean; readonly position: bigint }
  | { readonly kind: 'conflict' };

interface Stored {
  readonly data: PartnerEventReceived;
  readonly position: bigint;
}

/** The event that the store holds under this id although the row did not know of it: it is what counts. */
const believeStore = async (parts: Parts, of: PartnerEventRef): Promise<Stored> => {
  const events: RecordedEvent[] = [];
  for await (const event of parts.store.readStream(partnerEventStream(of))) events.push(event);
  const [first] = events;
  const received = first === undefined ? undefined : readPartnersEvent(first);
  if (first === undefined || received?.type !== 'PartnerEventReceived')
    throw new Error('the stream of a partner event begins with something else');
  await parts.db.query(
    'delete from events where program = $1 and partner = $2 and event = $3 and not appended',
    [of.program, of.partner, of.event],
  );
  await restore(parts.db, events);
  return { data: received.data, position: first.position };
};

/** Appends what a row says, if it is not in the store, and notes it. Safe to be done by several at once. */
export const finishEvent = async (
  parts: Parts,
  of: PartnerEventRef,
  row: EventRow,
): Promise<Stored> => {
  if (row.appended && row.position !== null) return { data: row.data, position: row.position };
  const occurredAt = instant(row.data.occurredAt);
  const about = metadata(row.context, { program: of.program, occurredAt }, parts.clock);
  const result = await parts.store.append([
    {
      stream: partnerEventStream(of),
      expected: 'noStream',
      events: [receivedEvent(of, row.data, about)],
    },
  ]);
  if (result.kind === 'conflict') return believeStore(parts, of);
  await noteAppended(parts.db, of, result.position);
  return { data: row.data, position: result.position };
};

/**
 * Takes a genuine delivery. Its row is written first: it decides which content an event id has, whoever else delivers
 * it at this moment; the event in the store follows, by this delivery, the next one or the sweep.
 */
export const receive = async (parts: Parts, delivery: Delivery): Promise<ReceiveAnswer> => {
  const { of, data } = delivery;
  const isNew = await insertEvent(parts.db, delivery);
  const row = await eventRow(parts.db, of);
  if (row === undefined) throw new Error('an event without a row');
  const stored = await finishEvent(parts, of, row);
  if (stored.data.hash !== data.hash) {
    await keepConflict(parts.db, delivery);
    return { kind: 'conflict' };
  }
  const known = !isNew || stored.data.bodyHash !== data.bodyHash;
  return { kind: 'accepted', known, position: stored.position };
};
