import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { sampleProgrammeFile } from '../../project.js';
import type { Client } from './client.js';

const version = z.looseObject({ program: z.string(), version: z.int(), hash: z.string() });

/**
 * Puts the sample's programme in force as any other: one proposes it, another approves it. The same document again changes nothing.
 * Gives the position that others must have heard of.
 */
export const publishProgramme = async (
  first: Client,
  second: Client,
): Promise<bigint | undefined> => {
  const say = (client: Client, path: string, body: object) =>
    client.expect({
      ...{ service: 'accrual' as const, method: 'POST' as const, path },
      ...{ body: JSON.stringify(body), answer: version },
    });
  const document = await readFile(sampleProgrammeFile, 'utf8');
  const { value } = await say(first, '/v1/programs', { document });
  const steps = `/v1/programs/${value.program}/versions/${value.version}`;
  const { hash } = value;
  await say(first, `${steps}/proposals`, { hash });
  const { position } = await say(second, `${steps}/approvals`, { hash });
  return position ?? undefined;
};
