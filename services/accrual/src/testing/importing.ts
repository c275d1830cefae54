import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { TestService } from '@tallystick/testing/service';
import type { TokenClaims } from '@tallystick/service-host';
import { maria, paul } from './club.js';

const checked = z.looseObject({ page: z.looseObject({}).nullable() });
const named = z.looseObject({ batch: z.string() });

export interface WhichBalances {
  readonly program: string;
  readonly system: string;
  readonly items: readonly object[];
  readonly name?: string;
}

/** Proposes opening balances as a batch of one page, for paul to approve. What a refusal of either step is answered with. */
export const proposeBalances = async (
  { call }: Pick<TestService, 'call'>,
  { program, system, items, name = randomUUID() }: WhichBalances,
  as: TokenClaims = maria,
): ReturnType<TestService['call']> => {
  const check = await call('POST', '/v1/opening-balances/pages', {
    ...{ as, body: { program, system, items } },
  });
  if (check.status !== 200) return check;
  const { page } = checked.parse(check.body);
  return call('POST', '/v1/opening-balances/batches', {
    ...{ as, body: { program, system, name, pages: [page] } },
  });
};

/** Imports opening balances: one proposes them, paul approves, and they are posted. What a refusal of any step is answered with. */
export const importByTwo = async (
  service: Pick<TestService, 'call'>,
  which: WhichBalances,
  as: TokenClaims = maria,
): ReturnType<TestService['call']> => {
  const asked = await proposeBalances(service, which, as);
  if (asked.status !== 202) return asked;
  const path = `/v1/opening-balances/batches/${which.program}/${named.parse(asked.body).batch}`;
  const approved = await service.call('POST', `${path}/approvals`, { as: paul });
  if (approved.status !== 201) return approved;
  return service.call('POST', `${path}/pages`, { as, body: { items: which.items } });
};
