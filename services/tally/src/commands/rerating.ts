import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { table, whole } from '../output/table.js';
import type { Client } from '../system/client.js';
import { failureOf } from '../system/problem.js';
import { asManager, type ManagerOptions } from './adjustments.js';
import type { Run } from './run.js';

export interface RerateOptions extends ManagerOptions {
  readonly from: number;
  readonly to: number;
  readonly since?: string;
  readonly until?: string;
  readonly reason: string;
  readonly key?: string;
}

const figures = z.looseObject({
  accounts: z.int(),
  accountsChanged: z.int(),
  facts: z.int(),
  up: z.int(),
  down: z.int(),
  owed: z.int(),
  skipped: z.int(),
  rules: z.array(z.looseObject({ rule: z.string(), up: z.int(), down: z.int() })),
});
const version = z.looseObject({ version: z.int() });
const rerating = z.looseObject({
  rerating: z.string(),
  program: z.string(),
  from: version,
  to: version,
  status: z.string(),
  reason: z.string(),
  requestedBy: z.string(),
  counted: figures.nullable(),
  posted: figures.nullable(),
});
type Rerating = z.output<typeof rerating>;
const list = z.looseObject({ reratings: z.array(rerating) });

const lookEveryMs = 500;

/** `tally rerate request`: asks for a run, and shows what it would do. */
export const requestRerating = (run: Run, options: RerateOptions): Promise<ExitCode> =>
  asManager(run, options, async (client) => {
    const { program, from, to, since, until, reason } = options;
    const answer = await client.call({
      ...{ service: 'accrual', method: 'POST', path: '/v1/reratings', answer: rerating },
      headers: { 'idempotency-key': options.key ?? randomUUID() },
      body: JSON.stringify({
        ...{ program, from, to, reason },
        ...(since === undefined ? {} : { since }),
        ...(until === undefined ? {} : { until }),
      }),
    });
    if (!answer.ok) throw failureOf('the run is not asked for', answer.error);
    const asked = answer.value.value;
    const counted = await when(run, client, asked, (found) => found.status !== 'requested');
    tell(run, options, counted, [
      ...words(counted),
      `Another manager approves it: tally rerate approve ${counted.rerating} --program ${program}`,
    ]);
    return exitCodes.ok;
  });

/** `tally rerate approve`: another manager approves a run, and it is posted. */
export const approveRerating = (run: Run, id: string, options: ManagerOptions): Promise<ExitCode> =>
  asManager(run, options, async (client) => {
    const approved = await post(client, `${pathOf(options.program, id)}/approvals`);
    const posted = await when(run, client, approved, ({ status }) => status === 'posted');
    tell(run, options, posted, words(posted));
    return exitCodes.ok;
  });

/** `tally rerate reject`: ends a request. */
export const rejectRerating = (
  run: Run,
  id: string,
  options: ManagerOptions & { readonly reason: string },
): Promise<ExitCode> =>
  asManager(run, options, async (client) => {
    const { program, reason } = options;
    const ended = await post(client, `${pathOf(program, id)}/rejections`, { reason });
    tell(run, options, ended, [`rejected: ${said(ended)}`]);
    return exitCodes.ok;
  });

/** `tally rerate list`: the runs of a programme. */
export const listReratings = (run: Run, options: ManagerOptions): Promise<ExitCode> =>
  asManager(run, options, async (client) => {
    const query = new URLSearchParams({ program: options.program });
    const path = `/v1/reratings?${query.toString()}`;
    const answer = await client.call({ service: 'accrual', method: 'GET', path, answer: list });
    if (!answer.ok) throw failureOf('the runs cannot be listed', answer.error);
    const { reratings } = answer.value.value;
    tell(run, options, { reratings }, [
      reratings.length === 0
        ? 'Nothing was rated again.'
        : table(
            [
              ['run', 'from', 'to', 'status', 'by', 'receipts', 'added', 'taken', 'reason'],
              ...reratings.map((one) => {
                const { facts, up, down } = one.posted ?? one.counted ?? {};
                return [
                  ...[one.rerating, String(one.from.version), String(one.to.version), one.status],
                  ...[one.requestedBy, ...[facts, up, down].map((n) => whole(n ?? 0)), one.reason],
                ];
              }),
            ],
            ['left', 'right', 'right', 'left', 'left', 'right', 'right', 'right', 'left'],
          ),
    ]);
    return exitCodes.ok;
  });

const pathOf = (program: string, id: string): string =>
  `/v1/reratings/${encodeURIComponent(program)}/${encodeURIComponent(id)}`;

const post = async (client: Client, path: string, body?: object): Promise<Rerating> => {
  const answer = await client.call({
    ...{ service: 'accrual', method: 'POST', path, answer: rerating },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw failureOf('the run stays as it is', answer.error);
  return answer.value.value;
};

/** Waits for what accrual does in the background. */
const when = async (
  { signal }: Run,
  client: Client,
  { program, rerating: id }: Rerating,
  is: (found: Rerating) => boolean,
): Promise<Rerating> => {
  for (;;) {
    const path = pathOf(program, id);
    const answer = await client.call({ service: 'accrual', method: 'GET', path, answer: rerating });
    if (!answer.ok) throw failureOf('the run cannot be read', answer.error);
    if (is(answer.value.value)) return answer.value.value;
    await sleep(lookEveryMs, undefined, { signal });
  }
};

const tell = (
  { terminal }: Run,
  { json }: Pick<ManagerOptions, 'json'>,
  what: object,
  lines: readonly string[],
): void => terminal.out(json === true ? JSON.stringify(what, null, 2) : lines.join('\n'));

const said = ({ rerating: id, from, to, reason }: Rerating): string =>
  `${id}: version ${to.version} instead of ${from.version} (${reason})`;

const words = (found: Rerating): string[] => {
  const of = found.posted ?? found.counted;
  if (of === null) return [`${found.status}: ${said(found)}`];
  const { accounts, accountsChanged, facts, up, down, owed, skipped, rules } = of;
  return [
    `${found.status}: ${said(found)}`,
    `  ${whole(facts)} receipts and events on ${whole(accountsChanged)} of ${whole(accounts)} accounts differ`,
    `  ${whole(up)} points ${found.posted === null ? 'would be' : 'were'} added, ${whole(down)} taken; ${whole(owed)} of them are spent, and owed`,
    ...rules.map((rule) => `    ${rule.rule}: +${whole(rule.up)} -${whole(rule.down)}`),
    ...(skipped === 0 ? [] : [`  ${whole(skipped)} are being corrected, and were left out`]),
  ];
};
