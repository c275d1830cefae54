import { z } from 'zod';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { readTyped, typedPath } from '../paths.js';
import type { Client } from '../system/client.js';
import { openSystem } from '../system/open-system.js';
import { failureOf } from '../system/problem.js';
import type { Run } from './run.js';

const published = z.looseObject({
  program: z.string(),
  version: z.int(),
  hash: z.string(),
  effectiveFrom: z.string(),
  position: z.string(),
});

/** `tally publish`: puts a version of a programme's rulebook in force. The same document again changes nothing. */
export const publishRulebook = async (
  run: Run,
  file: string,
  options: { readonly json?: boolean },
): Promise<ExitCode> => {
  const document = await readTyped(typedPath(run.env, file));
  const { env, signal, terminal } = run;
  const system = await openSystem({ env, signal, roles: ['manager'], note: terminal.note });
  try {
    const answer = await system.client.call({
      service: 'accrual',
      method: 'POST',
      path: '/v1/programs',
      body: JSON.stringify({ document }),
      answer: published,
    });
    if (!answer.ok) throw failureOf('the rulebook is not published', answer.error);
    const { status, value } = answer.value;
    await heardByEnrollment(system.client, value);
    terminal.out(
      options.json === true
        ? JSON.stringify({ ...value, new: status === 201 }, null, 2)
        : `programme ${value.program}, version ${value.version}, in force from ${value.effectiveFrom}` +
            (status === 201 ? '' : ': it was published already'),
    );
    return exitCodes.ok;
  } finally {
    await system.close();
  }
};

/** The next command may enrol members: enrollment hears of a programme over the bus, and is waited for. */
const heardByEnrollment = async (
  client: Client,
  { program, position }: z.output<typeof published>,
): Promise<void> => {
  await client.call({
    service: 'enrollment',
    method: 'GET',
    path: `/v1/members/${encodeURIComponent(program)}/nobody`,
    headers: { 'tallystick-after': position },
    answer: z.unknown(),
  });
};
