import { z } from 'zod';
import type { SampleWeek } from '../quarter/quarter.js';
import type { Client } from './client.js';

const enrolled = z.looseObject({ items: z.array(z.looseObject({ status: z.int() })) });

/** Enrols the members of a week; those who are enrolled already stay as they are. `from`: when their cards begin to count. */
export const enrol = async (
  client: Client,
  program: string,
  joins: SampleWeek['joins'],
  from: string,
  after: bigint | undefined,
): Promise<{
  readonly enrolled: number;
  readonly known: number;
  readonly position: bigint | null;
}> => {
  const { value, position } = await client.expect({
    service: 'enrollment',
    method: 'POST',
    path: '/v1/members/batch',
    body: JSON.stringify({ program, items: joins.map(({ key, cards }) => ({ key, cards, from })) }),
    ...(after === undefined ? {} : { after }),
    answer: enrolled,
  });
  const count = (status: number): number =>
    value.items.filter((item) => item.status === status).length;
  const [isNew, known] = [count(201), count(200)];
  if (isNew + known !== joins.length) throw new Error('a member of the sample was not enrolled');
  return { enrolled: isNew, known, position };
};
