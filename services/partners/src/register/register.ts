import { transaction } from '@tallystick/postgres';
import { metadata, type RequestContext } from '@tallystick/service-host';
import { instant } from '@tallystick/kernel';
import { z } from 'zod';
import { insertKey } from '../keys/key-rows.js';
import { makeKey, sealSecret } from '../keys/secrets.js';
import { requestContext } from '../partner/context.js';
import { ensureEvents } from '../partner/ensure-events.js';
import { keyIssuedEvent, registeredEvent } from '../partner/events.js';
import { partnerStream, type PartnerRef } from '../partner/ids.js';
import type { Parts } from '../parts.js';

export type RegisterAnswer =
  | {
      readonly kind: 'registered';
      /** Only for the request that registered: it is nowhere to be had again. */
      readonly secret: string | null;
      /** Null: the row was made again from the store, the key's secret is lost. */
      readonly keyId: string | null;
      readonly position: bigint;
    }
  | { readonly kind: 'other-name' };

const row = z.object({
  name: z.string(),
  registered_at: z.string().transform(instant),
  first_key: z.string().nullable(),
  context: requestContext,
});

/** Appends what the row of a partner says, if it is not in the store, and notes it. */
export const finishRegistration = async (
  parts: Parts,
  of: PartnerRef,
): Promise<{ readonly position: bigint; readonly name: string; readonly keyId: string | null }> => {
  const { rows } = await parts.db.query(
    'select name, registered_at, first_key, context from partners where program = $1 and partner = $2',
    [of.program, of.partner],
  );
  const [found] = z.array(row).parse(rows);
  if (found === undefined) throw new Error('a partner without a row');
  const { name, first_key: keyId, context, registered_at: occurredAt } = found;
  const about = metadata(context, { program: of.program, occurredAt }, parts.clock);
  const events = [
    registeredEvent(of, name, about),
    ...(keyId === null ? [] : [keyIssuedEvent(of, keyId, about)]),
  ];
  const position = await ensureEvents(parts.store, partnerStream(of), events);
  await parts.db.query(
    'update partners set appended = true where program = $1 and partner = $2 and not appended',
    [of.program, of.partner],
  );
  await parts.db.query(
    'update keys set appended = true where program = $1 and partner = $2 and key_id = $3 and not appended',
    [of.program, of.partner, keyId],
  );
  return { position, name, keyId };
};

/** Registers a partner with its first key. The row decides who registers; the events follow, by whoever comes next. */
export const register = async (
  parts: Parts,
  of: PartnerRef,
  name: string,
  context: RequestContext,
): Promise<RegisterAnswer> => {
  const { keyId, secret } = makeKey();
  const issuedAt = parts.clock();
  const isNew = await transaction(parts.db, async (tx) => {
    const { rowCount } = await tx.query(
      `insert into partners (program, partner, name, registered_at, first_key, context)
       values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
      [of.program, of.partner, name, issuedAt, keyId, JSON.stringify(context)],
    );
    if (rowCount !== 1) return false;
    const sealed = sealSecret(parts.masterKeys, of, keyId, secret);
    await insertKey(tx, of, { keyId, request: null, issuedAt, sealed, context });
    return true;
  });
  const registered = await finishRegistration(parts, of);
  if (registered.name !== name) return { kind: 'other-name' };
  return {
    kind: 'registered',
    secret: isNew ? secret : null,
    keyId: registered.keyId,
    position: registered.position,
  };
};
