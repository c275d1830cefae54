import { createHmac, randomUUID } from 'node:crypto';
import { manager, type Response, type TestService } from '@tallystick/testing/service';
import { z } from 'zod';

export const program = 'coalition';
export const visit = { type: 'visit', occurredAt: '2026-01-31T09:30:00Z', card: '6009-8876' };

const registered = z.object({ keyId: z.string(), secret: z.string() });

/** Registers a partner; gives its first key. */
export const registerPartner = async (service: TestService, partner: string) => {
  const { status, body } = await service.call('POST', '/v1/partners', {
    as: manager,
    body: { program, partner, name: `The ${partner} company` },
  });
  if (status !== 201) throw new Error(`registering answered ${status}`);
  return registered.parse(body);
};

/** A further key. */
export const issueKey = async (service: TestService, partner: string, key: string) => {
  const { body } = await service.call('POST', `/v1/partners/${program}/${partner}/keys`, { key });
  return registered.parse(body);
};

/** Written apart from the package: what Standard Webhooks says a signature is. */
export const signature = (
  secret: string,
  id: string,
  seconds: number,
  body: string | Buffer,
): string => {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const hmac = createHmac('sha256', key).update(`${id}.${seconds}.`).update(body);
  return `v1,${hmac.digest('base64')}`;
};

export interface Delivery {
  readonly partner: string;
  readonly secret: string;
  readonly id?: string;
  /** A value is sent as JSON; text as it is. */
  readonly event?: unknown;
  readonly body?: string | Buffer;
  /** How far the signature's time is from now. */
  readonly skewSeconds?: number;
  /** Instead of, or besides, what signing makes. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Delivers a signed event as a partner does. */
export const deliver = (
  service: TestService,
  { partner, secret, id = randomUUID(), event = visit, body, skewSeconds = 0, headers }: Delivery,
): Promise<Response> => {
  const raw = body ?? JSON.stringify(event);
  const seconds = Math.floor(Date.now() / 1000) + skewSeconds;
  return service.call('POST', `/v1/partner-events/${program}/${partner}`, {
    as: null,
    body: raw,
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': signature(secret, id, seconds, raw),
      ...headers,
    },
  });
};
