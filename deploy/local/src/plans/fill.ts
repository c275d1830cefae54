import type { Queryable } from '@tallystick/postgres';

const batchEvents = 100_000;
/** Events of one account, on average; round robin, so that no two of them are neighbours on disk. */
const eventsPerAccount = 20;

/** How many accounts so many events have. */
export const accountsOf = (events: number): number =>
  Math.max(1, Math.floor(events / 2 / eventsPerAccount));

/**
 * Half of the events are facts, each the first of its own stream; the other half go to accounts in turn. One in a thousand is of a rare
 * category instead. Sizes of data and metadata are those of a receipt with three lines and of its award.
 */
const insert = `
insert into eventstore.events (position, id, revision, schema_version, stream, type, data, metadata)
select p, md5(p::text)::uuid,
       case when p % 1000 = 1 or p % 2 = 1 then 0 else ((p - 1) / 2 / $3)::integer end,
       1,
       case when p % 1000 = 1 then 'partner-fill-' || p
            when p % 2 = 1 then 'receipt-fill-acme-' || p % 400 || '-3-' || p
            else 'ledger-fill-' || (p - 1) / 2 % $3 end,
       case when p % 1000 = 1 then 'PartnerRegistered' when p % 2 = 1 then 'ReceiptRegistered' else 'PointsEarned' end,
       case when p % 2 = 1 then
         format('{"fact":"receipt:fill:acme:%s:3:%s","lines":[{"net":"12.99","ordinal":1,"product":"%s","quantity":"1"},{"net":"3.50","ordinal":2,"product":"%s","quantity":"2"},{"net":"7.25","ordinal":3,"product":"%s","quantity":"1"}],"occurredAt":"2026-05-04T09:00:00.000Z","revision":1}',
                p % 400, p, md5((p % 9973)::text), md5((p % 7919)::text), md5((p % 6991)::text))
       else
         format('{"awards":[{"base":"23.74","kind":"base","points":23,"rule":"base"}],"fact":"receipt:fill:acme:%s:3:%s","lots":[{"availableAt":"2026-05-18T00:00:00.000Z","expiresAt":"2028-05-31T23:00:00.000Z","funder":"acme","lot":"%s","points":23}],"rulebook":{"hash":"%s","version":7}}',
                p % 400, p - 1, md5(p::text), md5('rulebook')) end,
       format('{"actor":"service:accrual","causationId":"%s","correlationId":"%s","occurredAt":"2026-05-04T09:00:00.000Z","program":"fill","recordedAt":"2026-05-04T09:00:01.234Z"}',
              md5((p / 2)::text)::uuid, md5((p / 3)::text)::uuid)
  from generate_series($1::bigint, $2::bigint) as p`;

/** Fills an empty event store with events that nobody decided, by a way that only its owner has: for plans, sizes and online migrations. */
export const fillEventStore = async (
  db: Queryable,
  events: number,
  said: (done: number) => void = () => {},
): Promise<void> => {
  await fillBetween(db, { from: 1, to: events, accounts: accountsOf(events) }, said);
  await db.query('analyze eventstore.events');
};

/** The events of a part of such a store: positions, the first and the last; accounts of the whole. */
export const fillBetween = async (
  db: Queryable,
  part: { readonly from: number; readonly to: number; readonly accounts: number },
  said: (done: number) => void = () => {},
): Promise<void> => {
  for (let { from } = part; from <= part.to; from += batchEvents) {
    const to = Math.min(part.to, from + batchEvents - 1);
    await db.query(insert, [from, to, part.accounts]);
    said(to);
  }
};
