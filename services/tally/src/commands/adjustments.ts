import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { exitCodes, Failure, type ExitCode } from '../exit-codes.js';
import { table, whole } from '../output/table.js';
import type { Client } from '../system/client.js';
import { openSystem } from '../system/open-system.js';
import { failureOf } from '../system/problem.js';
import { accountOfCard } from './account.js';
import type { Run } from './run.js';

/** Who a command is for, and who gives it. */
export interface ManagerOptions {
  readonly program: string;
  /** Who gives it, where the token is signed with the data folder's key. */
  readonly as?: string;
  readonly json?: boolean;
}

export interface AdjustOptions extends ManagerOptions {
  readonly account?: string;
  readonly card?: string;
  readonly up?: number;
  readonly down?: number;
  readonly waive?: number;
  readonly paid?: number;
  readonly expires?: string;
  readonly funder?: string;
  readonly amount?: string;
  readonly currency?: string;
  readonly reference?: string;
  readonly reason: string;
  readonly key?: string;
}

export const adjustment = z.looseObject({
  adjustment: z.string(),
  program: z.string(),
  account: z.string(),
  status: z.string(),
  change: z.looseObject({ kind: z.string(), points: z.int() }),
  reason: z.string(),
  requestedBy: z.string(),
  requestedAt: z.string(),
  approvedBy: z.string().nullable(),
  applied: z.looseObject({ points: z.int(), arrearsPaid: z.int() }).nullable(),
});
type Adjustment = z.output<typeof adjustment>;
const page = z.looseObject({ adjustments: z.array(adjustment), next: z.string().nullable() });

/** Opens the system as a manager, and closes it after. */
export const asManager = async (
  run: Run,
  { as: subject }: Pick<ManagerOptions, 'as'>,
  work: (client: Client) => Promise<ExitCode>,
): Promise<ExitCode> => {
  const { env, signal, terminal } = run;
  const system = await openSystem({
    ...{ env, signal, roles: ['manager'], note: terminal.note },
    ...(subject === undefined ? {} : { subject }),
  });
  try {
    return await work(system.client);
  } finally {
    await system.close();
  }
};

/** `tally adjust`: asks for a correction, which another manager approves. */
export const askForAdjustment = (run: Run, options: AdjustOptions): Promise<ExitCode> => {
  const { program, account, card, reason } = options;
  if ((account === undefined) === (card === undefined))
    throw new Failure(exitCodes.usage, 'name either --card or --account');
  const change = changeOf(options);
  return asManager(run, options, async (client) => {
    const answer = await client.call({
      ...{ service: 'accrual', method: 'POST', path: '/v1/adjustments', answer: adjustment },
      headers: { 'idempotency-key': options.key ?? randomUUID() },
      body: JSON.stringify({
        ...{ program, change, reason },
        account: account ?? (await accountOfCard(client, program, card ?? '')),
      }),
    });
    if (!answer.ok) throw failureOf('the adjustment is not asked for', answer.error);
    const asked = answer.value.value;
    run.terminal.out(
      options.json === true
        ? JSON.stringify(asked, null, 2)
        : `asked for: ${saidOfAdjustment(asked)}\nAnother manager approves it: tally approve ${asked.adjustment} --program ${asked.program}`,
    );
    return exitCodes.ok;
  });
};

const changeOf = (options: AdjustOptions): object => {
  const { up, down, waive, paid, expires, funder, amount, currency, reference } = options;
  const asked = [up, down, waive, paid].filter((points) => points !== undefined);
  if (asked.length !== 1)
    throw new Failure(exitCodes.usage, 'say one of --up, --down, --waive and --paid');
  const wantsPayment = [amount, currency, reference].some((value) => value !== undefined);
  if (wantsPayment !== (paid !== undefined))
    throw new Failure(exitCodes.usage, '--amount, --currency and --reference go with --paid');
  if ((expires !== undefined || funder !== undefined) && up === undefined)
    throw new Failure(exitCodes.usage, '--expires and --funder go with --up');
  if (up !== undefined) {
    return {
      ...{ kind: 'up', points: up },
      ...(expires === undefined ? {} : { expiresAt: expires }),
      ...(funder === undefined ? {} : { funder }),
    };
  }
  if (down !== undefined) return { kind: 'down', points: down };
  if (waive !== undefined) return { kind: 'waive-arrears', points: waive };
  if (amount === undefined || currency === undefined || reference === undefined)
    throw new Failure(exitCodes.usage, '--paid needs --amount, --currency and --reference');
  return {
    ...{ kind: 'arrears-paid-in-money', points: paid },
    payment: { amount, currency, reference },
  };
};

/** `tally adjustments`: what waits for approval. */
export const listAdjustments = (run: Run, options: ManagerOptions): Promise<ExitCode> =>
  asManager(run, options, async (client) => {
    const open: Adjustment[] = [];
    let cursor: string | null = null;
    do {
      const query = new URLSearchParams({ program: options.program, limit: '200' });
      if (cursor !== null) query.set('cursor', cursor);
      const answer = await client.call({
        ...{ service: 'accrual', method: 'GET', answer: page },
        path: `/v1/adjustments?${query.toString()}`,
      });
      if (!answer.ok) throw failureOf('the adjustments cannot be listed', answer.error);
      open.push(...answer.value.value.adjustments);
      cursor = answer.value.value.next;
    } while (cursor !== null);
    if (options.json === true) run.terminal.out(JSON.stringify({ adjustments: open }, null, 2));
    else if (open.length === 0) run.terminal.out('No adjustment waits for approval.');
    else run.terminal.out(listed(open));
    return exitCodes.ok;
  });

const listed = (open: readonly Adjustment[]): string =>
  table(
    [
      ['adjustment', 'asked at (UTC)', 'by', 'account', 'change', 'points', 'reason'],
      ...open.map((one) => [
        ...[one.adjustment, `${one.requestedAt.slice(0, 10)} ${one.requestedAt.slice(11, 16)}`],
        ...[one.requestedBy, one.account, one.change.kind, whole(one.change.points), one.reason],
      ]),
    ],
    ['left', 'left', 'left', 'left', 'left', 'right', 'left'],
  );

export const saidOfAdjustment = ({ adjustment: id, account, change, reason }: Adjustment): string =>
  `${id}: ${change.kind} ${whole(change.points)} on account ${account} (${reason})`;
