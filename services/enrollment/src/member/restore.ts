import type { RecordedEvent } from '@tallystick/event-store';
import { transaction, type Connection, type Database } from '@tallystick/postgres';
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
 * noted as appended; a card that has left is nobody's. Any part of any streams, any number of times.
 */
export const restore = (db: Database, events: readonly RecordedEvent[]): Promise<void> =>
  transaction(db, async (tx) => {
    const members = new Map<string, unknown>();
    const cards = new Map<string, unknown>();
    const left = new Map<string, unknown>();
    for (const event of events) {
      const decoded = decodeMemberEvent(event);
      const context = contextOf(event);
      if (decoded.type === 'MemberEnrolled') {
        const { program, member, account, shared, since } = decoded.enrolled;
        const row = { program, member, account, shared, since, context };
        members.set(`${program}\n${member}`, row);
      } else if (decoded.type === 'CardLinked') {
        const { program, member, account, card, since } = decoded.linked;
        const key = `${program}\n${card}\n${since}`;
        const fact = `event/${event.id}`;
        if (!cards.has(key))
          cards.set(key, { program, card, member, account, since, fact, context });
      } else {
        const { program, member, account, card, since } = decoded.link;
        const { until } = decoded.left;
        const key = `${program}\n${card}\n${since}`;
        left.set(key, { program, card, member, account, since, until });
      }
    }
    // One after the other: beside a leaving that is not committed yet, the card's row would wait for it and then come back.
    if (cards.size + left.size > 0)
      await tx.query('lock table left_cards in share row exclusive mode');
    await tx.query(
      `insert into members (program, member, account, shared, since, context, rebuilt, appended)
       select program, member, account, shared, since, context, true, true from jsonb_to_recordset($1::jsonb)
         as t(program text, member text, account text, shared boolean, since text, context jsonb)
       on conflict (program, member) do update set appended = true where not members.appended`,
      [sorted(members)],
    );
    if (left.size > 0) await noteLeft(tx, sorted(left));
    await tx.query(
      `insert into cards (program, card, member, account, since, fact, ordinal, context, appended)
       select program, card, member, account, since, fact, 0, context, true from jsonb_to_recordset($1::jsonb)
         as t(program text, card text, member text, account text, since text, fact text, context jsonb)
        where not exists (select from left_cards l
                           where l.program = t.program and l.card = t.card and l.since = t.since)
       on conflict (program, card) do update set appended = true
         where not cards.appended and cards.member = excluded.member`,
      [sorted(cards)],
    );
  });

/** Links that have ended: what was, and since when somebody else can have the card. */
const noteLeft = async (tx: Connection, rows: string): Promise<void> => {
  await tx.query(
    `insert into left_cards (program, card, since, until, member, account)
     select program, card, since, until, member, account from jsonb_to_recordset($1::jsonb)
       as t(program text, card text, since text, until text, member text, account text)
     on conflict do nothing`,
    [rows],
  );
  await tx.query(
    `delete from cards using jsonb_to_recordset($1::jsonb)
       as t(program text, card text, since text, member text)
      where cards.program = t.program and cards.card = t.card
        and cards.since = t.since and cards.member = t.member`,
    [rows],
  );
};
