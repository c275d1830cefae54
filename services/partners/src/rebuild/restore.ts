import type { PoolClient } from 'pg';
import type { RecordedEvent } from '@tallystick/event-store';
import { transaction, type Database } from '@tallystick/postgres';
import { readPartnersEvent } from '../partner/events.js';

const one = async (tx: PoolClient, event: RecordedEvent): Promise<void> => {
  const read = readPartnersEvent(event);
  const { program, partner } = read.data;
  const { occurredAt, recordedAt, correlationId, traceparent = '', actor } = event.metadata;
  const context = JSON.stringify({ correlationId, traceparent, actor });
  switch (read.type) {
    case 'PartnerRegistered':
      await tx.query(
        `insert into partners (program, partner, name, registered_at, context, appended)
         values ($1, $2, $3, $4, $5, true)
         on conflict (program, partner) do update set appended = true where not partners.appended`,
        [program, partner, read.data.name, occurredAt, context],
      );
      return;
    case 'PartnerKeyIssued':
      await tx.query(
        `insert into keys (program, partner, key_id, issued_at, context, appended)
         values ($1, $2, $3, $4, $5, true) on conflict do nothing`,
        [program, partner, read.data.keyId, occurredAt, context],
      );
      return;
    case 'PartnerKeyRevoked':
      await tx.query(
        `update keys set revoked_at = $4, revoked_context = $5, appended = true
          where program = $1 and partner = $2 and key_id = $3 and revoked_at is null`,
        [program, partner, read.data.keyId, occurredAt, context],
      );
      return;
    case 'PartnerEventReceived':
      await tx.query(
        `insert into events (program, partner, event, hash, data, received_at, context, appended, position)
         values ($1, $2, $3, $4, $5, $6, $7, true, $8)
         on conflict (program, partner, event) do update
           set appended = true, position = excluded.position
           where not events.appended and events.hash = excluded.hash`,
        [
          program,
          partner,
          read.data.event,
          read.data.hash,
          JSON.stringify(read.data),
          recordedAt,
          context,
          event.position.toString(),
        ],
      );
  }
};

/**
 * Makes the rows of partners, keys and events from what the store says of them: those that are missing are written.
 * Secrets and raw bodies are not in the store and stay missing. Any number of times.
 */
export const restore = (db: Database, events: readonly RecordedEvent[]): Promise<void> =>
  transaction(db, async (tx) => {
    for (const event of events) await one(tx, event);
  });
