import type { Database } from '@tallystick/postgres';
import type { DeadLetter, DeadLetterEnd, DeadLetterPlace, Message } from '../port.js';
import type { BusLimits } from './limits.js';

/** A page of a topic's dead letters behind one, oldest first; bounded in number and in bytes. Empty at the end. */
export const readDeadLetters = async (
  db: Database,
  topic: string,
  after: bigint,
  limits: BusLimits,
): Promise<readonly DeadLetter[]> => {
  const { rows } = await db.query<DeadLetter>(
    `select nth, topic, partition, "offset", group_name as group, key, id, headers, value, reason,
            replaced, died_at as "buriedAt"
       from (select d.*, row_number() over (order by nth) as place,
                    sum(octet_length(value)) over (order by nth) as bytes
               from (select * from bus.dead_letters
                      where topic = $1 and nth > $2 and ended_at is null order by nth limit $3) d) p
      where bytes <= $4 or place = 1
      order by nth`,
    [topic, after, limits.deadLettersMax, limits.batchBytesMax],
  );
  return rows;
};

export const countDeadLetters = async (
  db: Database,
  group: string,
  topic: string,
): Promise<bigint> => {
  const { rows } = await db.query<{ count: bigint }>(
    `select count(*) as count from bus.dead_letters
      where topic = $1 and group_name = $2 and ended_at is null`,
    [topic, group],
  );
  return rows[0]?.count ?? 0n;
};

export const endDeadLetter = async (
  db: Database,
  { topic, partition, offset, group }: DeadLetterPlace,
  { how, by }: DeadLetterEnd,
): Promise<void> => {
  await db.query('select bus.end_dead_letter($1, $2, $3, $4, $5, $6)', [
    topic,
    partition,
    offset,
    group,
    how,
    by,
  ]);
};

/** Undefined when it was pruned, or is not there yet. */
export const readMessageAt = async (
  db: Database,
  topic: string,
  partition: number,
  offset: bigint,
): Promise<Message | undefined> => {
  const { rows } = await db.query<Message>(
    `select p.topic, p.partition, m."offset", m.key, m.id, m.headers, m.value
       from bus.messages m join bus.partitions p on p.id = m.partition_id
      where p.topic = $1 and p.partition = $2 and m."offset" = $3`,
    [topic, partition, offset],
  );
  return rows[0];
};
