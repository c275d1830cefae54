import { z } from 'zod';
import { exitCodes, Failure, type ExitCode } from '../exit-codes.js';
import { whole } from '../output/table.js';
import type { Client } from '../system/client.js';
import { failureOf } from '../system/problem.js';
import { adjustment, asManager, saidOfAdjustment, type ManagerOptions } from './adjustments.js';
import { merge, movedBy, saidOfMerge } from './merge.js';
import type { Run } from './run.js';

/** `tally approve`: another manager approves a correction or a merge, and it happens. */
export const approve = (run: Run, id: string, options: ManagerOptions): Promise<ExitCode> =>
  asManager(run, options, async (client) => {
    const done = await close(client, options.program, id, { what: 'approvals' });
    const { said, paid } = done;
    run.terminal.out(
      options.json === true
        ? JSON.stringify(done.body, null, 2)
        : `done: ${said}${paid > 0 ? `; ${whole(paid)} of it paid what was owed` : ''}`,
    );
    return exitCodes.ok;
  });

/** `tally reject`: ends a request. */
export const reject = (
  run: Run,
  id: string,
  options: ManagerOptions & { readonly reason: string },
): Promise<ExitCode> =>
  asManager(run, options, async (client) => {
    const { reason } = options;
    const ended = await close(client, options.program, id, { what: 'rejections', reason });
    run.terminal.out(
      options.json === true ? JSON.stringify(ended.body, null, 2) : `rejected: ${ended.said}`,
    );
    return exitCodes.ok;
  });

type Step =
  { readonly what: 'approvals' } | { readonly what: 'rejections'; readonly reason: string };

interface Closed {
  readonly body: object;
  readonly said: string;
  /** What of it paid what was owed. */
  readonly paid: number;
}

/** Takes a step with whatever has this id. Throws `Failure` where nothing has, or the step is refused. */
const close = async (client: Client, program: string, id: string, step: Step): Promise<Closed> => {
  const kind = await kindOf(client, program, id);
  const path = `${pathOf(kind, program, id)}/${step.what}`;
  const body = step.what === 'rejections' ? { body: JSON.stringify({ reason: step.reason }) } : {};
  const request = { service: 'accrual', method: 'POST', path, ...body } as const;
  const ended = step.what === 'approvals' ? 'approved' : 'rejected';
  if (kind === 'merges') {
    const answer = await client.call({ ...request, answer: merge });
    if (!answer.ok) throw failureOf(`the merge is not ${ended}`, answer.error);
    const done = answer.value.value;
    const said = step.what === 'approvals' ? movedBy(done) : saidOfMerge(done);
    return { body: done, said, paid: 0 };
  }
  const answer = await client.call({ ...request, answer: adjustment });
  if (!answer.ok) throw failureOf(`the adjustment is not ${ended}`, answer.error);
  const done = answer.value.value;
  return { body: done, said: saidOfAdjustment(done), paid: done.applied?.arrearsPaid ?? 0 };
};

type Kind = 'adjustments' | 'merges';

/** Which of the two has this id: nobody is to approve another thing than the one that was meant. */
const kindOf = async (client: Client, program: string, id: string): Promise<Kind> => {
  const found: Kind[] = [];
  for (const kind of ['adjustments', 'merges'] as const) {
    const answer = await client.call({
      ...{ service: 'accrual', method: 'GET', path: pathOf(kind, program, id) },
      answer: z.looseObject({}),
    });
    if (answer.ok) found.push(kind);
    else if (answer.error.status !== 404)
      throw failureOf('the request cannot be read', answer.error);
  }
  const [kind, another] = found;
  if (kind === undefined)
    throw new Failure(exitCodes.notFound, `there is no adjustment and no merge ${id}`);
  if (another !== undefined)
    throw new Failure(
      exitCodes.refused,
      `an adjustment and a merge have the id ${id}, because one key was used for both: take one of them back, and ask again with another key`,
    );
  return kind;
};

const pathOf = (kind: Kind, program: string, id: string): string =>
  `/v1/${kind}/${encodeURIComponent(program)}/${encodeURIComponent(id)}`;
