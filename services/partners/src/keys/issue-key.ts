import { createHash } from 'node:crypto';
import { instant, type Instant } from '@tallystick/kernel';
import { transaction } from '@tallystick/postgres';
import { metadata, type RequestContext } from '@tallystick/service-host';
import { z } from 'zod';
import { requestContext } from '../partner/context.js';
import { ensureEvents } from '../partner/ensure-events.js';
import { keyIssuedEvent, keyRevokedEvent } from '../partner/events.js';
import { partnerStream, type PartnerRef } from '../partner/ids.js';
import type { Parts } from '../parts.js';
import { insertKey, validKeysMax } from './key-rows.js';
import { makeKey, sealSecret } from './secrets.js';

export type IssueAnswer =
  | {
      readonly kind: 'issued';
      readonly keyId: string;
      /** Only for the request that made the key. */
      readonly secret: string | null;
      readonly position: bigint;
    }
  | { readonly kind: 'partner-unknown' }
  | { readonly kind: 'too-many' };

const keyRow = z.object({
  issued_at: z.string().transform(instant),
  revoked_at: z.string().transform(instant).nullable(),
  context: requestContext,
  revoked_context: requestContext.nullable(),
});

/** Appends what the row of a key says, if it is not in the store, and notes it. */
export const finishKey = async (parts: Parts, of: PartnerRef, keyId: string): Promise<bigint> => {
  const { rows } = await parts.db.query(
    'select issued_at, revoked_at, context, revoked_context from keys where program = $1 and partner = $2 and key_id = $3',
    [of.program, of.partner, keyId],
  );
  const [key] = z.array(keyRow).parse(rows);
  if (key === undefined) throw new Error('a key without a row');
  const about = (occurredAt: Instant, context: RequestContext) =>
    metadata(context, { program: of.program, occurredAt }, parts.clock);
  const { issued_at: issuedAt, revoked_at: revokedAt } = key;
  const position = await ensureEvents(parts.store, partnerStream(of), [
    keyIssuedEvent(of, keyId, about(issuedAt, key.context)),
    ...(revokedAt === null
      ? []
      : [keyRevokedEvent(of, keyId, about(revokedAt, key.revoked_context ?? key.context))]),
  ]);
  await parts.db.query(
    `update keys set appended = true
      where program = $1 and partner = $2 and key_id = $3 and revoked_at is not distinct from $4 and not appended`,
    [of.program, of.partner, keyId, revokedAt],
  );
  return position;
};

/** Issues a further key. The same request again leads to the same key, without its secret. */
export const issueKey = async (
  parts: Parts,
  of: PartnerRef,
  idempotencyKey: string,
  context: RequestContext,
): Promise<IssueAnswer> => {
  const request = createHash('sha256').update(idempotencyKey).digest('hex');
  const made = makeKey();
  const issued = await transaction(
    parts.db,
    async (tx): Promise<'partner-unknown' | 'too-many' | { keyId: string; isNew: boolean }> => {
      // The partner's row is locked, so that two at once do not each issue the last key that there may be.
      const { rowCount } = await tx.query(
        'select from partners where program = $1 and partner = $2 and appended for update',
        [of.program, of.partner],
      );
      if (rowCount === 0) return 'partner-unknown';
      const before = await tx.query(
        'select key_id from keys where program = $1 and partner = $2 and request = $3',
        [of.program, of.partner, request],
      );
      const [known] = z.array(z.object({ key_id: z.string() })).parse(before.rows);
      if (known !== undefined) return { keyId: known.key_id, isNew: false };
      const valid = await tx.query(
        'select from keys where program = $1 and partner = $2 and revoked_at is null and secret is not null',
        [of.program, of.partner],
      );
      if ((valid.rowCount ?? 0) >= validKeysMax) return 'too-many';
      await insertKey(tx, of, {
        keyId: made.keyId,
        request,
        issuedAt: parts.clock(),
        sealed: sealSecret(parts.masterKeys, of, made.keyId, made.secret),
        context,
      });
      return { keyId: made.keyId, isNew: true };
    },
  );
  if (typeof issued === 'string') return { kind: issued };
  const { keyId, isNew } = issued;
  const position = await finishKey(parts, of, keyId);
  return { kind: 'issued', keyId, secret: isNew ? made.secret : null, position };
};
