/** Payload: ids of partitions that have new messages, joined by commas. */
export const publishedChannel = 'tallystick_bus_published';
/** Payload: ids of subscriptions in which a member came, went, or gave a partition back. */
export const membersChannel = 'tallystick_bus_members';

/** A payload is below 8000 bytes (PostgreSQL 18, NOTIFY); an id and its comma are at most 11. */
const idsMax = 700;

export const notifySql = 'select pg_notify($1, payload) from unnest($2::text[]) as p (payload)';

/** The parameters of `notifySql`. */
export const notification = (channel: string, ids: readonly number[]): [string, string[]] => {
  const payloads: string[] = [];
  for (let at = 0; at < ids.length; at += idsMax)
    payloads.push(ids.slice(at, at + idsMax).join(','));
  return [channel, payloads];
};

export const idsOf = (payload: string): readonly number[] => payload.split(',').map(Number);
