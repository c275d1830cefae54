import { z } from 'zod';
import { exitCodes, Failure, type ExitCode } from '../exit-codes.js';
import { balanceBatch, saidOfBatch } from '../opening-balances/batch.js';
import { whole } from '../output/table.js';
import type { Client } from '../system/client.js';
import { failureOf } from '../system/problem.js';
import { adjustment, asManager, saidOfAdjustment, type ManagerOptions } from './adjustments.js';
import { merge, movedBy, saidOfMerge } from './merge.js';
import type { Run } from './run.js';
import { saidOfTransfer, transferRequest } from './transfers.js';

/** `tally approve`: another manager approves what somebody has asked for, and it happens. */
export const approve = (run: Run, id: string, options: ManagerOptions): Promise<ExitCode> =>
  asManager(run, options, async (client) => {
    const kind = await kindOf(client, options.program, id);
    const done = await kind.close(client, options.program, id, { what: 'approvals' });
    run.terminal.out(
      options.json === true ? JSON.stringify(done.body, null, 2) : `done: ${done.said}`,
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
    const { program, reason } = options;
    const kind = await kindOf(client, program, id);
    const ended = await kind.close(client, program, id, { what: 'rejections', reason });
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
}

/** What two people sign. */
interface Kind {
  /** For a person, with its article. */
  readonly name: string;
  isThere(client: Client, program: string, id: string): Promise<boolean>;
  /** Takes a step. Throws `Failure` where it is refused. */
  close(client: Client, program: string, id: string, step: Step): Promise<Closed>;
}

const kind = <Body extends object>({
  name,
  service,
  path,
  answer,
  said,
}: {
  readonly name: string;
  readonly service: 'accrual' | 'redemption';
  readonly path: string;
  readonly answer: z.ZodType<Body>;
  /** What a step came to, for a person. */
  readonly said: (body: Body, step: Step['what']) => string;
}): Kind => {
  const pathOf = (program: string, id: string): string =>
    `${path}/${encodeURIComponent(program)}/${encodeURIComponent(id)}`;
  return {
    name,
    isThere: async (client, program, id) => {
      const found = await client.call({
        ...{ service, method: 'GET', path: pathOf(program, id), answer: z.looseObject({}) },
      });
      if (!found.ok && found.error.status !== 404)
        throw failureOf('the request cannot be read', found.error);
      return found.ok;
    },
    close: async (client, program, id, step) => {
      const { what } = step;
      const closed = await client.call({
        ...{ service, method: 'POST', path: `${pathOf(program, id)}/${what}`, answer },
        ...(step.what === 'rejections' ? { body: JSON.stringify({ reason: step.reason }) } : {}),
      });
      const ended = what === 'approvals' ? 'approved' : 'rejected';
      if (!closed.ok) throw failureOf(`it is not ${ended}`, closed.error);
      const body = closed.value.value;
      return { body, said: said(body, what) };
    },
  };
};

const kinds: readonly Kind[] = [
  kind({
    ...{ name: 'an adjustment', service: 'accrual', path: '/v1/adjustments', answer: adjustment },
    said: (done) => {
      const paid = done.applied?.arrearsPaid ?? 0;
      return saidOfAdjustment(done) + (paid > 0 ? `; ${whole(paid)} of it paid what was owed` : '');
    },
  }),
  kind({
    ...{ name: 'a merge', service: 'accrual', path: '/v1/merges', answer: merge },
    said: (done, step) => (step === 'approvals' ? movedBy(done) : saidOfMerge(done)),
  }),
  kind({
    ...{ name: 'a transfer', service: 'redemption', path: '/v1/transfer-requests' },
    ...{ answer: transferRequest, said: saidOfTransfer },
  }),
  kind({
    ...{ name: 'a batch of opening balances', service: 'accrual', answer: balanceBatch },
    path: '/v1/opening-balances/batches',
    said: (done, step) =>
      saidOfBatch(done) + (step === 'approvals' ? '; send the file again, and it is posted' : ''),
  }),
];

/** Which of them has this id: nobody is to approve another thing than the one that was meant. */
const kindOf = async (client: Client, program: string, id: string): Promise<Kind> => {
  const found: Kind[] = [];
  for (const one of kinds) if (await one.isThere(client, program, id)) found.push(one);
  const [one, another] = found;
  if (one === undefined)
    throw new Failure(exitCodes.notFound, `nobody has asked for anything with the id ${id}`);
  if (another !== undefined)
    throw new Failure(
      exitCodes.refused,
      `${found.map(({ name }) => name).join(' and ')} have the id ${id}, because one key was used for both: take one of them back, and ask again with another key`,
    );
  return one;
};
