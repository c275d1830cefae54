import type { PoolClient } from 'pg';
import { partnerEventReceived, type PartnerEventReceived } from '@tallystick/contracts';
import type { Instant } from '@tallystick/kernel';
import type { Database } from '@tallystick/postgres';
import type { Sealed } from '@tallystick/sealing';
import type { RequestContext } from '@tallystick/service-host';
import { z } from 'zod';
import { requestContext } from '../partner/context.js';
import type { PartnerEventRef } from '../partner/ids.js';

type Queryable = Database | PoolClient;

/** One genuine delivery, checked: what its event says, and the evidence. */
export interface Delivery {
  readonly of: PartnerEventRef;
  readonly data: PartnerEventReceived;
  /** webhook-timestamp, seconds since 1970. */
  readonly sentAt: number;
  readonly receivedAt: Instant;
  readonly body: Sealed;
  readonly context: RequestContext;
}

const row = z.object({
  data: partnerEventReceived,
  context: requestContext,
  appended: z.boolean(),
  position: z
    .string()
    .transform((text) => BigInt(text))
    .nullable(),
});
export type EventRow = z.output<typeof row>;

const key = ({ program, partner, event }: PartnerEventRef): string[] => [program, partner, event];

export const eventRow = async (
  db: Queryable,
  of: PartnerEventRef,
): Promise<EventRow | undefined> => {
  const { rows } = await db.query(
    `select data, context, appended, position::text from events
      where program = $1 and partner = $2 and event = $3`,
    key(of),
  );
  return z.array(row).parse(rows)[0];
};

/** Whether it was written; false: an event of this id was there. */
export const insertEvent = async (db: Queryable, delivery: Delivery): Promise<boolean> => {
  const { of, data, sentAt, receivedAt, body, context } = delivery;
  const { rowCount } = await db.query(
    `insert into events (program, partner, event, hash, data, sent_at, received_at, context,
       master_key_id, wrapped_key, body)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict do nothing`,
    [
      ...key(of),
      data.hash,
      JSON.stringify(data),
      sentAt,
      receivedAt,
      JSON.stringify(context),
      body.masterKeyId,
      body.wrappedKey,
      body.box,
    ],
  );
  return rowCount === 1;
};

export const noteAppended = async (
  db: Queryable,
  of: PartnerEventRef,
  position: bigint,
): Promise<void> => {
  await db.query(
    `update events set appended = true, position = $4
      where program = $1 and partner = $2 and event = $3 and not appended`,
    [...key(of), position.toString()],
  );
};

/** Other contents that are kept for one event id. More of them prove nothing more. */
const conflictsMax = 100;

/** Keeps what came with other content under a known id: once for each content, counted. */
export const keepConflict = async (db: Queryable, delivery: Delivery): Promise<void> => {
  const { of, data, sentAt, receivedAt, body } = delivery;
  await db.query(
    `insert into conflicts (program, partner, event, hash, key_id, signature, sent_at, first_at, last_at,
       master_key_id, wrapped_key, body)
     select $1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11
      where (select count(*) from conflicts where program = $1 and partner = $2 and event = $3) < $12
         or exists (select from conflicts where program = $1 and partner = $2 and event = $3 and hash = $4)
     on conflict (program, partner, event, hash)
       do update set times = conflicts.times + 1, last_at = excluded.last_at`,
    [
      ...key(of),
      data.hash,
      data.keyId,
      data.signature,
      sentAt,
      receivedAt,
      body.masterKeyId,
      body.wrappedKey,
      body.box,
      conflictsMax,
    ],
  );
};

const conflict = z
  .object({
    hash: z.string(),
    key_id: z.string(),
    first_at: z.string(),
    last_at: z.string(),
    times: z.int(),
  })
  .transform(({ hash, key_id, first_at, last_at, times }) => ({
    hash,
    keyId: key_id,
    firstAt: first_at,
    lastAt: last_at,
    times,
  }));
export type Conflict = z.output<typeof conflict>;

export const conflictsOf = async (
  db: Queryable,
  of: PartnerEventRef,
): Promise<readonly Conflict[]> => {
  const { rows } = await db.query(
    `select hash, key_id, first_at, last_at, times from conflicts
      where program = $1 and partner = $2 and event = $3 order by first_at, hash`,
    key(of),
  );
  return z.array(conflict).parse(rows);
};
