import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { failureOf } from '../system/problem.js';
import { asManager, type ManagerOptions } from './adjustments.js';
import type { Run } from './run.js';

export interface KeyOptions extends ManagerOptions {
  readonly key?: string;
}

/** One request to redemption, once for its key; the answer as a line for a person, or as it came for machines. */
export const orderOnce = <Done>(
  run: Run,
  options: KeyOptions,
  request: {
    readonly path: string;
    readonly body: object;
    readonly answer: z.ZodType<Done>;
    /** What did not happen, for a person. */
    readonly failure: string;
    readonly told: (done: Done) => string;
  },
): Promise<ExitCode> =>
  asManager(run, options, async (client) => {
    const answer = await client.call({
      ...{ service: 'redemption', method: 'POST', path: request.path, answer: request.answer },
      headers: { 'idempotency-key': options.key ?? randomUUID() },
      body: JSON.stringify(request.body),
    });
    if (!answer.ok) throw failureOf(request.failure, answer.error);
    const done = answer.value.value;
    run.terminal.out(options.json === true ? JSON.stringify(done, null, 2) : request.told(done));
    return exitCodes.ok;
  });
