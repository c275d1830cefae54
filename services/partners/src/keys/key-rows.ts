import type { PoolClient } from 'pg';
import type { Instant } from '@tallystick/kernel';
import type { Database } from '@tallystick/postgres';
import type { Sealed } from '@tallystick/sealing';
import type { RequestContext } from '@tallystick/service-host';
import { z } from 'zod';
import type { PartnerRef } from '../partner/ids.js';

type Queryable = Database | PoolClient;

/** At most this many keys of a partner are valid at once: one in use, one that comes, and some for mishaps. */
export const validKeysMax = 8;

export interface NewKey {
  readonly keyId: string;
  /** Stands for the request that asked for it; null: the one that came with the registration. */
  readonly request: string | null;
  readonly issuedAt: Instant;
  readonly sealed: Sealed;
  readonly context: RequestContext;
}

/** Whether it was written; false: this request has its key already. */
export const insertKey = async (
  db: Queryable,
  { program, partner }: PartnerRef,
  { keyId, request, issuedAt, sealed, context }: NewKey,
): Promise<boolean> => {
  const { rowCount } = await db.query(
    `insert into keys (program, partner, key_id, request, issued_at, context, master_key_id, wrapped_key, secret)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing`,
    [
      program,
      partner,
      keyId,
      request,
      issuedAt,
      JSON.stringify(context),
      sealed.masterKeyId,
      sealed.wrappedKey,
      sealed.box,
    ],
  );
  return rowCount === 1;
};

const sealedKey = z
  .object({
    key_id: z.string(),
    master_key_id: z.string(),
    wrapped_key: z.instanceof(Buffer),
    secret: z.instanceof(Buffer),
  })
  .transform((row) => ({
    keyId: row.key_id,
    sealed: { masterKeyId: row.master_key_id, wrappedKey: row.wrapped_key, box: row.secret },
  }));

/** The keys that sign for a partner now. One whose secret was lost with the table is not among them. */
export const validKeys = async (
  db: Queryable,
  { program, partner }: PartnerRef,
): Promise<readonly z.output<typeof sealedKey>[]> => {
  const { rows } = await db.query(
    `select key_id, master_key_id, wrapped_key, secret from keys
      where program = $1 and partner = $2 and revoked_at is null and secret is not null
      order by issued_at desc, key_id limit $3`,
    [program, partner, validKeysMax],
  );
  return z.array(sealedKey).parse(rows);
};
