import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { exitCodes, Failure, type ExitCode } from '../exit-codes.js';
import { table, whole } from '../output/table.js';
import { failureOf } from '../system/problem.js';
import { accountOfCard } from './account.js';
import { asManager, type ManagerOptions } from './adjustments.js';
import type { Run } from './run.js';

export interface HoldsOptions extends ManagerOptions {
  readonly account?: string;
  readonly card?: string;
}

export interface ReleaseOptions extends ManagerOptions {
  readonly key?: string;
}

const hold = z.looseObject({
  hold: z.string(),
  kind: z.string(),
  reference: z.string(),
  points: z.int(),
  left: z.int(),
  lapsesAt: z.string(),
});
const openHolds = z.looseObject({ account: z.string(), holds: z.array(hold) });
const released = z.looseObject({
  account: z.string(),
  points: z.int(),
  arrearsPaid: z.int(),
  available: z.int(),
});

/** `tally holds`: what is reserved on an account, and until when. */
export const listHolds = (run: Run, options: HoldsOptions): Promise<ExitCode> => {
  const { program, account, card } = options;
  if ((account === undefined) === (card === undefined))
    throw new Failure(exitCodes.usage, 'name either --card or --account');
  return asManager(run, options, async (client) => {
    const of = account ?? (await accountOfCard(client, program, card ?? ''));
    const query = new URLSearchParams({ account: of });
    const answer = await client.call({
      ...{ service: 'redemption', method: 'GET', answer: openHolds },
      path: `/v1/holds/${encodeURIComponent(program)}?${query.toString()}`,
    });
    if (!answer.ok) throw failureOf('the holds cannot be read', answer.error);
    const { holds } = answer.value.value;
    if (options.json === true) run.terminal.out(JSON.stringify(answer.value.value, null, 2));
    else if (holds.length === 0) run.terminal.out('No points are held.');
    else
      run.terminal.out(
        table(
          [
            ['hold', 'held', 'of', 'lapses at (UTC)', 'for', 'reference'],
            ...holds.map((one) => [
              ...[one.hold, whole(one.left), whole(one.points)],
              `${one.lapsesAt.slice(0, 10)} ${one.lapsesAt.slice(11, 16)}`,
              ...[one.kind, one.reference],
            ]),
          ],
          ['left', 'right', 'right', 'left', 'left', 'left'],
        ),
      );
    return exitCodes.ok;
  });
};

/** `tally release`: gives back what a hold still reserves. */
export const releaseHold = (run: Run, id: string, options: ReleaseOptions): Promise<ExitCode> =>
  asManager(run, options, async (client) => {
    const answer = await client.call({
      ...{ service: 'redemption', method: 'POST', answer: released },
      path: `/v1/holds/${encodeURIComponent(options.program)}/${encodeURIComponent(id)}/releases`,
      headers: { 'idempotency-key': options.key ?? randomUUID() },
    });
    if (!answer.ok) throw failureOf('the hold is not released', answer.error);
    const done = answer.value.value;
    run.terminal.out(
      options.json === true
        ? JSON.stringify(done, null, 2)
        : `${whole(done.points)} points of account ${done.account} are free again` +
            (done.arrearsPaid > 0 ? `; ${whole(done.arrearsPaid)} of them paid what was owed` : ''),
    );
    return exitCodes.ok;
  });
