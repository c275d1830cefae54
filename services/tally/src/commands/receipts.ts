import { receiptOutcome, type ReceiptOutcome } from '@tallystick/contracts';
import { exitCodes, Failure, type ExitCode } from '../exit-codes.js';
import { table, whole } from '../output/table.js';
import { failureOf } from '../system/problem.js';
import { asManager, type ManagerOptions } from './adjustments.js';
import type { Run } from './run.js';

/** How a receipt is named, as it is printed on it. */
export interface ReceiptName {
  readonly store: string;
  readonly till: string;
  readonly number: string;
}

export interface ReceiptOptions extends ManagerOptions {
  readonly chain: string;
  /** Its business date. */
  readonly date: string;
}

/** `tally receipt`: what became of a receipt. */
export const showReceipt = (
  run: Run,
  { store, till, number }: ReceiptName,
  options: ReceiptOptions,
): Promise<ExitCode> =>
  asManager(run, options, async (client) => {
    const { program, chain, date } = options;
    const query = new URLSearchParams({ program, chain, store, till, number, businessDate: date });
    const answer = await client.call({
      ...{ service: 'accrual', method: 'GET', answer: receiptOutcome },
      path: `/v1/receipts?${query.toString()}`,
    });
    if (!answer.ok) throw failureOf('the receipt cannot be shown', answer.error);
    const { value } = answer.value;
    run.terminal.out(
      options.json === true ? JSON.stringify(value, null, 2) : outcomeLines(value).join('\n'),
    );
    return exitCodes.ok;
  });

export interface ClaimOptions extends ReceiptOptions {
  readonly account?: string;
  readonly card?: string;
  /** What the receipt comes to, if that is to be proven. */
  readonly total?: string;
}

/** `tally claim`: a receipt without a card is given to an account, by its number. The same again changes nothing. */
export const claimReceipt = (
  run: Run,
  name: ReceiptName,
  options: ClaimOptions,
): Promise<ExitCode> => {
  const { program, chain, date, account, card, total } = options;
  if ((account === undefined) === (card === undefined))
    throw new Failure(exitCodes.usage, 'name either --card or --account');
  return asManager(run, options, async (client) => {
    const answer = await client.call({
      ...{
        service: 'accrual',
        method: 'POST',
        path: '/v1/receipts/claims',
        answer: receiptOutcome,
      },
      body: JSON.stringify({ program, chain, ...name, businessDate: date, total, account, card }),
    });
    if (!answer.ok) throw failureOf('the receipt is not claimed', answer.error);
    const { value } = answer.value;
    run.terminal.out(
      options.json === true ? JSON.stringify(value, null, 2) : outcomeLines(value).join('\n'),
    );
    return exitCodes.ok;
  });
};

const outcomeLines = (receipt: ReceiptOutcome): string[] => [
  receipt.reason === null ? receipt.outcome : `${receipt.outcome}: ${receipt.reason}`,
  ...(receipt.account === null ? [] : [`account ${receipt.account}`]),
  `${whole(receipt.earned)} points earned, ${whole(receipt.reversed)} taken back, ${whole(receipt.arrearsRaised)} owed`,
  table(
    [
      ['line', 'outcome', 'points', 'reason'],
      ...receipt.lines.map(({ ordinal, outcome, points, reason }) => [
        ...[String(ordinal), outcome, whole(points), reason ?? ''],
      ]),
    ],
    ['right', 'left', 'right', 'left'],
  ),
];
