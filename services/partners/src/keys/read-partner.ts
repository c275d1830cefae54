import type { PartnerRef } from '../partner/ids.js';
import type { Parts } from '../parts.js';
import { z } from 'zod';

const partnerRow = z.object({ name: z.string(), registered_at: z.string() });
const keyRow = z
  .object({
    key_id: z.string(),
    issued_at: z.string(),
    revoked_at: z.string().nullable(),
    usable: z.boolean(),
  })
  .transform((row) => ({
    keyId: row.key_id,
    issuedAt: row.issued_at,
    revokedAt: row.revoked_at,
    usable: row.usable,
  }));

export interface PartnerView {
  readonly name: string;
  readonly registeredAt: string;
  readonly keys: readonly z.output<typeof keyRow>[];
}

export const readPartner = async (
  { db }: Parts,
  { program, partner }: PartnerRef,
): Promise<PartnerView | undefined> => {
  const found = await db.query(
    'select name, registered_at from partners where program = $1 and partner = $2 and appended',
    [program, partner],
  );
  const [row] = z.array(partnerRow).parse(found.rows);
  if (row === undefined) return undefined;
  const keys = await db.query(
    `select key_id, issued_at, revoked_at, revoked_at is null and secret is not null as usable from keys
      where program = $1 and partner = $2 order by issued_at, key_id`,
    [program, partner],
  );
  return {
    name: row.name,
    registeredAt: row.registered_at,
    keys: z.array(keyRow).parse(keys.rows),
  };
};
