import { createHash } from 'node:crypto';
import { z } from 'zod';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { whole } from '../output/table.js';
import { failureOf } from '../system/problem.js';
import { asManager, type ManagerOptions } from './adjustments.js';
import type { Run } from './run.js';

export interface MergeOptions extends ManagerOptions {
  readonly source: string;
  readonly target: string;
  readonly reason: string;
}

const merged = z.looseObject({
  merge: z.string(),
  source: z.string(),
  target: z.string(),
  points: z.int(),
  held: z.int(),
  holds: z.int(),
  arrears: z.int(),
});

/** `tally merge`: one account becomes part of another. The same command again changes nothing. */
export const mergeAccounts = (run: Run, options: MergeOptions): Promise<ExitCode> => {
  const { program, source, target, reason } = options;
  const body = JSON.stringify({ program, source, target, reason });
  return asManager(run, options, async (client) => {
    const answer = await client.call({
      ...{ service: 'accrual', method: 'POST', path: '/v1/merges', body, answer: merged },
      headers: { 'idempotency-key': createHash('sha256').update(body).digest('hex') },
    });
    if (!answer.ok) throw failureOf('the accounts are not merged', answer.error);
    const { points, holds, held, arrears } = answer.value.value;
    run.terminal.out(
      options.json === true
        ? JSON.stringify(answer.value.value, null, 2)
        : `account ${source} is part of ${target} now: ${whole(points)} points moved` +
            (holds > 0 ? `, ${whole(holds)} open holds of ${whole(held)} points` : '') +
            (arrears > 0 ? `, and ${whole(arrears)} that were owed` : ''),
    );
    return exitCodes.ok;
  });
};
