import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { table, whole } from '../output/table.js';
import { failureOf } from '../system/problem.js';
import { asManager, type ManagerOptions } from './adjustments.js';
import type { Run } from './run.js';

export interface MergeOptions extends ManagerOptions {
  readonly source: string;
  readonly target: string;
  readonly reason: string;
  readonly key?: string;
}

const figures = z.looseObject({
  points: z.int(),
  lots: z.int(),
  held: z.int(),
  holds: z.int(),
  arrears: z.int(),
  certificates: z.int(),
});
type Figures = z.output<typeof figures>;

export const merge = z.looseObject({
  merge: z.string(),
  program: z.string(),
  source: z.string(),
  target: z.string(),
  status: z.string(),
  reason: z.string(),
  requestedBy: z.string(),
  requestedAt: z.string(),
  moves: figures.nullable(),
  stale: z.looseObject({ account: z.string(), successor: z.string() }).nullable(),
  moved: figures.nullable(),
});
export type Merge = z.output<typeof merge>;
const page = z.looseObject({ merges: z.array(merge), next: z.string().nullable() });

/** `tally merge`: asks for one account to become part of another, which another manager approves. */
export const askForMerge = (run: Run, options: MergeOptions): Promise<ExitCode> => {
  const { program, source, target, reason } = options;
  const body = JSON.stringify({ program, source, target, reason });
  return asManager(run, options, async (client) => {
    const answer = await client.call({
      ...{ service: 'accrual', method: 'POST', path: '/v1/merges', body, answer: merge },
      headers: { 'idempotency-key': options.key ?? randomUUID() },
    });
    if (!answer.ok) throw failureOf('the merge is not asked for', answer.error);
    const asked = answer.value.value;
    run.terminal.out(
      options.json === true
        ? JSON.stringify(asked, null, 2)
        : `asked for: ${saidOfMerge(asked)}\nIt would move ${what(asked.moves)}.\nAnother manager approves it: tally approve ${asked.merge} --program ${asked.program}`,
    );
    return exitCodes.ok;
  });
};

/** `tally merges`: what waits for approval, and what each would move now. */
export const listMerges = (run: Run, options: ManagerOptions): Promise<ExitCode> =>
  asManager(run, options, async (client) => {
    const open: Merge[] = [];
    let cursor: string | null = null;
    do {
      const query = new URLSearchParams({ program: options.program, limit: '200' });
      if (cursor !== null) query.set('cursor', cursor);
      const answer = await client.call({
        ...{ service: 'accrual', method: 'GET', answer: page },
        path: `/v1/merges?${query.toString()}`,
      });
      if (!answer.ok) throw failureOf('the merges cannot be listed', answer.error);
      open.push(...answer.value.value.merges);
      cursor = answer.value.value.next;
    } while (cursor !== null);
    if (options.json === true) run.terminal.out(JSON.stringify({ merges: open }, null, 2));
    else if (open.length === 0) run.terminal.out('No merge waits for approval.');
    else run.terminal.out(listed(open));
    return exitCodes.ok;
  });

const listed = (open: readonly Merge[]): string =>
  table(
    [
      ['merge', 'asked at (UTC)', 'by', 'source', 'target', 'would move', 'reason'],
      ...open.map((one) => [
        ...[one.merge, `${one.requestedAt.slice(0, 10)} ${one.requestedAt.slice(11, 16)}`],
        ...[one.requestedBy, one.source, one.target],
        one.stale === null
          ? what(one.moves)
          : `stale: ${one.stale.account} became part of ${one.stale.successor}`,
        one.reason,
      ]),
    ],
    ['left', 'left', 'left', 'left', 'left', 'left', 'left'],
  );

export const saidOfMerge = ({ merge: id, source, target, reason }: Merge): string =>
  `${id}: account ${source} becomes part of ${target} (${reason})`;

/** What a merge has moved, for a person. */
export const movedBy = ({ source, target, moved }: Merge): string =>
  `account ${source} is part of ${target} now: ${what(moved)} moved`;

const what = (moved: Figures | null): string => {
  const { points, lots, holds, held, arrears, certificates } = moved ?? nothing;
  return [
    `${whole(points)} points in ${whole(lots)} lots`,
    ...(holds > 0 ? [`${whole(holds)} open holds of ${whole(held)} points`] : []),
    ...(arrears > 0 ? [`${whole(arrears)} points that are owed`] : []),
    ...(certificates > 0 ? [`${whole(certificates)} gift certificates`] : []),
  ].join(', ');
};
const nothing = { points: 0, lots: 0, holds: 0, held: 0, arrears: 0, certificates: 0 };
