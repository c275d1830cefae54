import { instant, type Instant } from '@tallystick/kernel';
import type { RequestContext } from '@tallystick/service-host';
import { z } from 'zod';
import type { PartnerRef } from '../partner/ids.js';
import type { Parts } from '../parts.js';
import { finishKey } from './issue-key.js';

const revoked = z.object({ revoked_at: z.string().transform(instant) });

/** Ends a key at once and for ever; undefined: no such key. Again: the same answer. */
export const revokeKey = async (
  parts: Parts,
  of: PartnerRef,
  keyId: string,
  context: RequestContext,
): Promise<{ readonly revokedAt: Instant; readonly position: bigint } | undefined> => {
  const { rows } = await parts.db.query(
    `update keys set revoked_at = coalesce(revoked_at, $4), revoked_context = coalesce(revoked_context, $5),
            appended = appended and revoked_at is not null
      where program = $1 and partner = $2 and key_id = $3 returning revoked_at`,
    [of.program, of.partner, keyId, parts.clock(), JSON.stringify(context)],
  );
  const [row] = z.array(revoked).parse(rows);
  if (row === undefined) return undefined;
  return { revokedAt: row.revoked_at, position: await finishKey(parts, of, keyId) };
};
