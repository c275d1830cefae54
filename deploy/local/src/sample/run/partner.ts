import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { partner, type SamplePartnerEvent } from '../quarter/partner-events.js';
import type { Client, Reply } from './client.js';

const registered = z.looseObject({ secret: z.string().optional() });
const keyIssued = z.looseObject({ secret: z.string() });
const accepted = z.looseObject({ event: z.string(), status: z.string() });

/** Registers the sample's partner, if it is not, and gives a secret that its events are signed with. */
export const partnerSecret = async (
  client: Client,
  program: string,
  kept: string | null,
): Promise<string> => {
  const { value } = await client.expect({
    service: 'partners',
    method: 'POST',
    path: '/v1/partners',
    body: JSON.stringify({ program, partner, name: 'Picture House' }),
    answer: registered,
  });
  if (value.secret !== undefined) return value.secret;
  if (kept !== null) return kept;
  // Registered by a run that ended before it could keep the secret, which is shown once: another key.
  const issued = await client.expect({
    service: 'partners',
    method: 'POST',
    path: `/v1/partners/${program}/${partner}/keys`,
    body: '{}',
    headers: { 'idempotency-key': `sample-${crypto.randomUUID()}` },
    answer: keyIssued,
  });
  return issued.value.secret;
};

/** Sends an event as the partner does: signed by Standard Webhooks, no bearer token needed. */
export const sendPartnerEvent = async (
  client: Client,
  program: string,
  { id, body }: SamplePartnerEvent,
  secret: string,
): Promise<Reply<unknown>> => {
  const now = new Date();
  const text = JSON.stringify(body);
  return await client.call({
    service: 'partners',
    method: 'POST',
    path: `/v1/partner-events/${program}/${partner}`,
    body: text,
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      'webhook-signature': new Webhook(secret).sign(id, now, text),
    },
    answer: accepted,
  });
};
