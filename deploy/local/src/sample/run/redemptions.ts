import { z } from 'zod';
import type { SampleRedemption } from '../quarter/redemptions.js';
import type { Client, Reply } from './client.js';

const redeemed = z.looseObject({ redemption: z.string() });

export const redeem = async (
  client: Client,
  program: string,
  { key, card, points, reference }: SampleRedemption,
  after: bigint | undefined,
): Promise<Reply<{ readonly redemption: string }>> =>
  await client.call({
    service: 'redemption',
    method: 'POST',
    path: '/v1/redemptions',
    body: JSON.stringify({ program, card, points, reference }),
    headers: { 'idempotency-key': key },
    ...(after === undefined ? {} : { after }),
    answer: redeemed,
  });

export const cancel = async (
  client: Client,
  program: string,
  redemption: string,
  key: string,
): Promise<void> => {
  await client.expect({
    service: 'redemption',
    method: 'POST',
    path: `/v1/redemptions/${program}/${redemption}/refunds`,
    body: JSON.stringify({ reason: 'the customer changed their mind' }),
    headers: { 'idempotency-key': `${key}/cancelled` },
    answer: z.looseObject({}),
  });
};
