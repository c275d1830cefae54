import type { Queryable } from '@tallystick/postgres';

/** The relay that there is without another name. */
export const relayName = 'events';

/** The position in the store up to which a relay has published everything; 0n when it never did. */
export const relayPosition = async (db: Queryable, relay: string = relayName): Promise<bigint> => {
  const { rows } = await db.query<{ position: string }>(
    'select position::text as position from relay.positions where relay = $1',
    [relay],
  );
  return BigInt(rows[0]?.position ?? 0);
};

/** Stores a position if it is where the caller believes it to be. Throws `PositionTaken` otherwise. */
export const storePosition = async (
  db: Queryable,
  relay: string,
  from: bigint,
  to: bigint,
): Promise<void> => {
  const { rows } = await db.query<{ stored: boolean }>(
    'select relay.store_position($1, $2, $3) as stored',
    [relay, from, to],
  );
  if (rows[0]?.stored !== true) throw new PositionTaken(relay, from);
};

/** Somebody else has moved the position, which must not be while this relay holds the lock: it gives up. */
export class PositionTaken extends Error {
  constructor(relay: string, position: bigint) {
    super(`the position of relay ${relay} is not at ${position} any more`);
    this.name = 'PositionTaken';
  }
}
