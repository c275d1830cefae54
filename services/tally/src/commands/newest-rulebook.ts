import { z } from 'zod';
import type { Client } from '../system/client.js';
import { failureOf } from '../system/problem.js';

const versions = z.looseObject({ versions: z.array(z.looseObject({ version: z.int() })).min(1) });
const version = z.looseObject({
  rulebook: z.looseObject({ currency: z.string(), timeZone: z.string() }),
});

/** What the newest version of a programme's rulebook says that a file does not say of itself. */
export const newestRulebook = async (
  client: Client,
  program: string,
): Promise<{ readonly currency: string; readonly timeZone: string }> => {
  const path = `/v1/programs/${encodeURIComponent(program)}`;
  const found = await client.call({ service: 'accrual', method: 'GET', path, answer: versions });
  if (!found.ok) throw failureOf('nothing can be imported', found.error);
  const newest = found.value.value.versions.at(-1)?.version ?? 1;
  const answer = await client.call({
    ...{ service: 'accrual', method: 'GET', answer: version },
    path: `${path}/versions/${newest}`,
  });
  if (!answer.ok) throw failureOf('nothing can be imported', answer.error);
  return answer.value.value.rulebook;
};
