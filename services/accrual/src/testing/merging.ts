import { z } from 'zod';
import type { TestService } from '@tallystick/testing/service';
import type { TokenClaims } from '@tallystick/service-host';
import { maria, paul } from './club.js';

const named = z.looseObject({ merge: z.string() });

export interface WhichMerge {
  readonly program: string;
  readonly source: string;
  readonly target: string;
  readonly reason?: string;
}

/** Merges accounts: one asks, paul approves. What a refusal of either is answered with. */
export const mergeByTwo = async (
  { call }: Pick<TestService, 'call'>,
  { reason = 'one household', ...which }: WhichMerge,
  { key, as = maria }: { readonly key: string; readonly as?: TokenClaims },
): ReturnType<TestService['call']> => {
  const asked = await call('POST', '/v1/merges', { body: { ...which, reason }, key, as });
  if (asked.status !== 202) return asked;
  const { merge } = named.parse(asked.body);
  return call('POST', `/v1/merges/${which.program}/${merge}/approvals`, { as: paul });
};
