import { z } from 'zod';
import { whole } from '../output/table.js';
import type { Client } from '../system/client.js';
import { failureOf } from '../system/problem.js';

/** What a page of balances comes to: accrual's words for it. */
export const page = z.strictObject({
  hash: z.string(),
  balances: z.int(),
  points: z.int(),
  spend: z.int(),
});
export type Page = z.output<typeof page>;

/** Opening balances that one person proposes and another approves. */
export const balanceBatch = z.looseObject({
  batch: z.string(),
  program: z.string(),
  system: z.string(),
  name: z.string(),
  hash: z.string(),
  pages: z.int(),
  balances: z.int(),
  points: z.int(),
  spend: z.int(),
  status: z.string(),
  requestedBy: z.string(),
  requestedAt: z.string(),
  approvedBy: z.string().nullable(),
  rejected: z.looseObject({ by: z.string(), reason: z.string() }).nullable(),
});
export type BalanceBatch = z.output<typeof balanceBatch>;
const list = z.looseObject({ batches: z.array(balanceBatch), next: z.string().nullable() });

const path = '/v1/opening-balances/batches';
export const batchesPath = (program: string, batch: string): string =>
  `${path}/${encodeURIComponent(program)}/${encodeURIComponent(batch)}`;

export interface BatchName {
  readonly program: string;
  readonly system: string;
  readonly name: string;
}

/** The batch of a name; null: there is none. */
export const batchNamed = async (
  client: Client,
  { program, system, name }: BatchName,
): Promise<BalanceBatch | null> => {
  const query = new URLSearchParams({ program, system, name });
  const answer = await client.call({
    ...{ service: 'accrual', method: 'GET', answer: list, path: `${path}?${query.toString()}` },
  });
  if (!answer.ok) throw failureOf('the batch cannot be read', answer.error);
  return answer.value.value.batches[0] ?? null;
};

export const proposeBatch = async (
  client: Client,
  { program, system, name }: BatchName,
  pages: readonly Page[],
): Promise<BalanceBatch> => {
  const answer = await client.call({
    ...{ service: 'accrual', method: 'POST', path, answer: balanceBatch },
    body: JSON.stringify({ program, system, name, pages }),
  });
  if (!answer.ok) throw failureOf('the balances are not proposed', answer.error);
  return answer.value.value;
};

/** Those that wait for approval, the oldest first. */
export const openBatches = async (client: Client, program: string): Promise<BalanceBatch[]> => {
  const open: BalanceBatch[] = [];
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ program, limit: '200' });
    if (cursor !== null) query.set('cursor', cursor);
    const answer = await client.call({
      ...{ service: 'accrual', method: 'GET', answer: list, path: `${path}?${query.toString()}` },
    });
    if (!answer.ok) throw failureOf('the batches cannot be listed', answer.error);
    open.push(...answer.value.value.batches);
    cursor = answer.value.value.next;
  } while (cursor !== null);
  return open;
};

export const saidOfBatch = ({ batch, name, system, balances, points }: BalanceBatch): string =>
  `${batch}: ${whole(balances)} balances with ${whole(points)} points, ${name} of ${system}`;
