import type { Session } from '@tallystick/postgres';

/**
 * Who is there and who has what is read from the server's locks, which end with the connection that holds them:
 * nobody who died is counted. First keys of two-key advisory locks; the second is an id of ours.
 */
const memberLocks = 0x7453_4d62;
const partitionLocks = 0x7453_5061;

export interface Census {
  /** The server processes of the living members of a subscription. */
  members(subscription: number): readonly number[];
  /** Whether somebody has a partition of the group. */
  isTaken(groupPartition: number): boolean;
}

/** Makes this session a member, until it ends. */
export const enter = async (session: Session, subscriptions: readonly number[]): Promise<void> => {
  await session.query('select pg_advisory_lock_shared($1, s.id) from unnest($2::int[]) as s (id)', [
    memberLocks,
    subscriptions,
  ]);
};

export const takeCensus = async (session: Session): Promise<Census> => {
  const { rows } = await session.query<{ kind: number; id: number; pid: number }>(
    `select classid::int as kind, objid::int as id, pid
       from pg_locks
      where locktype = 'advisory' and objsubid = 2 and granted
        and database = (select oid from pg_database where datname = current_database())
        and classid = any ($1::oid[])`,
    [[memberLocks, partitionLocks]],
  );
  const members = new Map<number, number[]>();
  const taken = new Set<number>();
  for (const { kind, id, pid } of rows) {
    if (kind === partitionLocks) taken.add(id);
    else members.set(id, [...(members.get(id) ?? []), pid]);
  }
  return {
    members: (subscription) => members.get(subscription) ?? [],
    isTaken: (groupPartition) => taken.has(groupPartition),
  };
};

/** Takes a partition of the group for this session, if it is free. */
export const tryTake = async (session: Session, groupPartition: number): Promise<boolean> => {
  const { rows } = await session.query<{ taken: boolean }>(
    'select pg_try_advisory_lock($1, $2) as taken',
    [partitionLocks, groupPartition],
  );
  return rows[0]?.taken === true;
};

export const giveBack = async (session: Session, groupPartition: number): Promise<void> => {
  await session.query('select pg_advisory_unlock($1, $2)', [partitionLocks, groupPartition]);
};

export const leave = async (session: Session): Promise<void> => {
  await session.query('select pg_advisory_unlock_all()');
};
