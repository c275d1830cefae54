import type { Database, Queryable } from '@tallystick/postgres';
import type { Ends } from '../port.js';
import type { GroupTopic } from './membership.js';
import type { GroupPartition } from './worker.js';

interface GroupPartitionRow {
  readonly subscription: number;
  readonly id: number;
  readonly partition_id: number;
  readonly topic: string;
  readonly partition: number;
}

/** Registers the group with its topics, where it is not yet, and says what it consists of. */
export const joinGroup = async (
  db: Database,
  group: string,
  topics: readonly string[],
): Promise<readonly GroupTopic[]> => {
  await db.query('select bus.join_group($1, $2)', [group, topics]);
  const { rows } = await db.query<GroupPartitionRow>(
    `select o.subscription_id as subscription, o.id, o.partition_id, p.topic, p.partition
       from bus.positions o
       join bus.subscriptions s on s.id = o.subscription_id
       join bus.partitions p on p.id = o.partition_id
      where s.group_name = $1 and s.topic = any ($2)
      order by o.subscription_id, p.partition`,
    [group, topics],
  );
  const partitions = new Map<number, GroupPartition[]>();
  for (const { subscription, id, partition_id: partitionId, topic, partition } of rows) {
    const known = partitions.get(subscription) ?? [];
    known.push({ id, partitionId, topic, partition });
    partitions.set(subscription, known);
  }
  return [...partitions].map(([subscription, of]) => ({ subscription, partitions: of }));
};

/** A group that has never subscribed has done nothing of what is kept. */
export const readLag = async (
  db: Database,
  group: string,
  topics: readonly string[],
): Promise<bigint> => {
  const { rows } = await db.query<{ lag: bigint }>(
    `select coalesce(sum(p.next_offset - coalesce(
              (select o.position from bus.positions o join bus.subscriptions s on s.id = o.subscription_id
                where o.partition_id = p.id and s.group_name = $1),
              (select min(m."offset") from bus.messages m where m.partition_id = p.id),
              p.next_offset)), 0)::bigint as lag
       from bus.partitions p where p.topic = any ($2)`,
    [group, topics],
  );
  return rows[0]?.lag ?? 0n;
};

export const readEnds = async (db: Database, topics: readonly string[]): Promise<Ends> => {
  const { rows } = await db.query<{ name: string; next_offset: bigint }>(
    `select topic || '/' || partition as name, next_offset
       from bus.partitions where topic = any ($1) order by topic, partition`,
    [topics],
  );
  return new Map(rows.map(({ name, next_offset }) => [name, next_offset]));
};

export const hasPassed = async (db: Database, group: string, ends: Ends): Promise<boolean> => {
  const { rows } = await db.query<{ behind: boolean }>(
    `select exists (
       select 1
         from unnest($2::text[], $3::bigint[]) as e (name, "end")
         left join (select p.topic || '/' || p.partition as name, o.position
                      from bus.positions o
                      join bus.subscriptions s on s.id = o.subscription_id
                      join bus.partitions p on p.id = o.partition_id
                     where s.group_name = $1) g using (name)
        where coalesce(g.position, 0) < e."end") as behind`,
    [group, [...ends.keys()], [...ends.values()]],
  );
  return rows[0]?.behind === false;
};

/** Tells one bus from another; undefined where there is none. */
export const identityOf = async (db: Queryable): Promise<string | undefined> => {
  const found = await db.query<{ there: boolean }>(
    `select to_regclass('bus.identity') is not null as there`,
  );
  if (found.rows[0]?.there !== true) return undefined;
  const { rows } = await db.query<{ id: string }>('select id from bus.identity');
  return rows[0]?.id;
};
