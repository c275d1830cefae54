import type { Database } from '@tallystick/postgres';
import type { DeadLetter } from '../port.js';
import type { BusLimits } from './limits.js';

interface DeadLetterRow extends DeadLetter {
  readonly nth: bigint;
}

/** A page of a topic's dead letters behind one, oldest first; bounded in number and in bytes. Empty at the end. */
export const readDeadLetters = async (
  db: Database,
  topic: string,
  after: bigint,
  limits: BusLimits,
): Promise<readonly { readonly nth: bigint; readonly letter: DeadLetter }[]> => {
  const { rows } = await db.query<DeadLetterRow>(
    `select nth, topic, partition, "offset", group_name as group, key, id, headers, value, reason
       from (select d.*, row_number() over (order by nth) as place,
                    sum(octet_length(value)) over (order by nth) as bytes
               from (select * from bus.dead_letters
                      where topic = $1 and nth > $2 order by nth limit $3) d) p
      where bytes <= $4 or place = 1
      order by nth`,
    [topic, after, limits.deadLettersMax, limits.batchBytesMax],
  );
  return rows.map(({ nth, ...letter }) => ({ nth, letter }));
};
