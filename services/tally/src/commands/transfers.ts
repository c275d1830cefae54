import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { exitCodes, Failure, type ExitCode } from '../exit-codes.js';
import { table, whole } from '../output/table.js';
import { failureOf } from '../system/problem.js';
import { asManager, type ManagerOptions } from './adjustments.js';
import type { Run } from './run.js';

export interface TransferOptions extends ManagerOptions {
  readonly from?: string;
  readonly fromCard?: string;
  readonly to?: string;
  readonly toCard?: string;
  readonly points: number;
  readonly reason: string;
  readonly key?: string;
}

export const transferRequest = z.looseObject({
  transfer: z.string(),
  program: z.string(),
  from: z.string(),
  to: z.string(),
  points: z.int(),
  reason: z.string(),
  status: z.string(),
  requestedBy: z.string(),
  requestedAt: z.string(),
});
type TransferRequest = z.output<typeof transferRequest>;
const page = z.looseObject({ transfers: z.array(transferRequest), next: z.string().nullable() });

/** `tally transfer`: asks for points to be sent from one account to another, which another manager approves. */
export const askForTransfer = (run: Run, options: TransferOptions): Promise<ExitCode> => {
  const { program, points, reason } = options;
  const from = accountOrCard('from', options.from, options.fromCard);
  const to = accountOrCard('to', options.to, options.toCard);
  return asManager(run, options, async (client) => {
    const answer = await client.call({
      ...{ service: 'redemption', method: 'POST', path: '/v1/transfer-requests' },
      answer: transferRequest,
      headers: { 'idempotency-key': options.key ?? randomUUID() },
      body: JSON.stringify({ program, from, to, points, reason }),
    });
    if (!answer.ok) throw failureOf('the transfer is not asked for', answer.error);
    const asked = answer.value.value;
    run.terminal.out(
      options.json === true
        ? JSON.stringify(asked, null, 2)
        : `asked for: ${saidOfTransfer(asked)}\nAnother manager approves it: tally approve ${asked.transfer} --program ${asked.program}`,
    );
    return exitCodes.ok;
  });
};

const accountOrCard = (
  which: 'from' | 'to',
  account: string | undefined,
  card: string | undefined,
): { readonly account: string } | { readonly card: string } => {
  if (account !== undefined && card === undefined) return { account };
  if (card !== undefined && account === undefined) return { card };
  throw new Failure(exitCodes.usage, `name either --${which} or --${which}-card`);
};

/** `tally transfers`: what waits for approval. */
export const listTransfers = (run: Run, options: ManagerOptions): Promise<ExitCode> =>
  asManager(run, options, async (client) => {
    const open: TransferRequest[] = [];
    let cursor: string | null = null;
    do {
      const query = new URLSearchParams({ program: options.program, limit: '200' });
      if (cursor !== null) query.set('cursor', cursor);
      const answer = await client.call({
        ...{ service: 'redemption', method: 'GET', answer: page },
        path: `/v1/transfer-requests?${query.toString()}`,
      });
      if (!answer.ok) throw failureOf('the transfers cannot be listed', answer.error);
      open.push(...answer.value.value.transfers);
      cursor = answer.value.value.next;
    } while (cursor !== null);
    if (options.json === true) run.terminal.out(JSON.stringify({ transfers: open }, null, 2));
    else if (open.length === 0) run.terminal.out('No transfer waits for approval.');
    else run.terminal.out(listed(open));
    return exitCodes.ok;
  });

const listed = (open: readonly TransferRequest[]): string =>
  table(
    [
      ['transfer', 'asked at (UTC)', 'by', 'from', 'to', 'points', 'reason'],
      ...open.map((one) => [
        ...[one.transfer, `${one.requestedAt.slice(0, 10)} ${one.requestedAt.slice(11, 16)}`],
        ...[one.requestedBy, one.from, one.to, whole(one.points), one.reason],
      ]),
    ],
    ['left', 'left', 'left', 'left', 'left', 'right', 'left'],
  );

export const saidOfTransfer = ({ transfer, points, from, to, reason }: TransferRequest): string =>
  `${transfer}: ${whole(points)} points from account ${from} to ${to} (${reason})`;
