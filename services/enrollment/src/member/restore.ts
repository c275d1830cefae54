import type { RecordedEvent } from '@tallystick/event-store';
import { transaction, type Database } from '@tallystick/postgres';
import type { RequestContext } from '@tallystick/service-host';
import { decodeMemberEvent } from './decode-member.js';

const contextOf = ({ metadata }: RecordedEvent): RequestContext => ({
  correlationId: metadata.correlationId,
  traceparent: metadata.traceparent ?? '',
  actor: metadata.actor,
});

/** Rows by their keys, the first of each, as JSON in the order of the keys: the order in which enrolling locks them. */
const sorted = (rows: ReadonlyMap<string, unknown>): string =>
  JSON.stringify([...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row));

/**
 * Makes the rows of members and cards from their events: those that are missing are written, those that are there are
 * noted as appended. Any part of any streams, any number of times.
 */
export const restore = (db: Database, events: readonly RecordedEvent[]): Promise<void> =>
  transaction(db, async (tx) => {
    const members = new Map<string, unknown>();
    const cards = new Map<string, unknown>();
    for (const event of events) {
      const decoded = decodeMemberEvent(event);
      const context = contextOf(event);
      if (decoded.type === 'MemberEnrolled') {
        const { program, member, account, since } = decoded.enrolled;
        members.set(`${program}\n${member}`, { program, member, account, since, context });
      } else {
        const { program, member, account, card, since } = decoded.linked;
        const key = `${program}\n${card}`;
        const fact = `event/${event.id}`;
        if (!cards.has(key))
          cards.set(key, { program, card, member, account, since, fact, context });
      }
    }
    await tx.query(
      `insert into members (program, member, account, since, context, rebuilt, appended)
       select program, member, account, since, context, true, true from jsonb_to_recordset($1::jsonb)
         as t(program text, member text, account text, since text, context jsonb)
       on conflict (program, member) do update set appended = true where not members.appended`,
      [sorted(members)],
    );
    await tx.query(
      `insert into cards (program, card, member, account, since, fact, ordinal, context, appended)
       select program, card, member, account, since, fact, 0, context, true from jsonb_to_recordset($1::jsonb)
         as t(program text, card text, member text, account text, since text, fact text, context jsonb)
       on conflict (program, card) do update set appended = true
         where not cards.appended and cards.member = excluded.member`,
      [sorted(cards)],
    );
  });
