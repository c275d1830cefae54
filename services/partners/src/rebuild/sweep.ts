import { addMs, programId, type Instant } from '@tallystick/kernel';
import { z } from 'zod';
import { finishKey } from '../keys/issue-key.js';
import type { Parts } from '../parts.js';
import { eventRow } from '../receive/event-rows.js';
import { finishEvent } from '../receive/receive.js';
import { finishRegistration } from '../register/register.js';

/** A request that is older than this has ended, one way or another. */
const requestLastsMs = 60_000;
const limit = 200;

const ref = z.object({ program: z.string().transform(programId), partner: z.string() });
const keyRef = ref.extend({ key_id: z.string() });
const eventRef = ref.extend({ event: z.string() });

const unfinished = async <T>(
  { db }: Parts,
  schema: z.ZodType<T>,
  sql: string,
  olderThan: Instant,
): Promise<readonly T[]> => {
  const { rows } = await db.query(sql, [olderThan, limit]);
  return z.array(schema).parse(rows);
};

/**
 * Ends what a crash cut off between a row and its event, if nobody repeats the request. Returns how much there was.
 * Safe beside requests and beside other sweeps: the events have the same ids whoever appends them.
 */
export const sweep = async (parts: Parts): Promise<number> => {
  const olderThan = addMs(parts.clock(), -requestLastsMs);
  const partners = await unfinished(
    parts,
    ref,
    `select program, partner from partners where not appended and written_at < $1 order by written_at limit $2`,
    olderThan,
  );
  for (const of of partners) await finishRegistration(parts, of);

  const keys = await unfinished(
    parts,
    keyRef,
    `select k.program, k.partner, k.key_id from keys k join partners p using (program, partner)
      where not k.appended and p.appended and k.written_at < $1 order by k.written_at limit $2`,
    olderThan,
  );
  for (const key of keys) await finishKey(parts, key, key.key_id);

  const events = await unfinished(
    parts,
    eventRef,
    `select program, partner, event from events where not appended and written_at < $1 order by written_at limit $2`,
    olderThan,
  );
  for (const of of events) {
    const row = await eventRow(parts.db, of);
    if (row !== undefined) await finishEvent(parts, of, row);
  }
  return partners.length + keys.length + events.length;
};
