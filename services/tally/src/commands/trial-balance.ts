import { z } from 'zod';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { table, whole } from '../output/table.js';
import { failureOf } from '../system/problem.js';
import { asManager, type ManagerOptions } from './adjustments.js';
import type { Run } from './run.js';

export interface TrialBalanceOptions extends ManagerOptions {
  /** As of this place in the event store; without it, as of now. */
  readonly position?: string;
}

/** Digits in a string where they are beyond 2^53 - 1. */
const points = z.union([z.int(), z.string().regex(/^-?\d+$/)]);
const trialBalance = z.looseObject({
  accounts: z.array(z.looseObject({ account: z.string(), points })),
  sum: points,
  position: z.string(),
  balanced: z.boolean(),
  differenceCount: z.int(),
  differences: z.array(
    z.looseObject({
      ...{ account: z.string(), figure: z.string(), posted: points, folded: points },
    }),
  ),
});
type TrialBalance = z.output<typeof trialBalance>;

/** `tally trial-balance`: what the postings of a programme sum to, now or as of a position. Fails where they do not balance. */
export const showTrialBalance = (run: Run, options: TrialBalanceOptions): Promise<ExitCode> =>
  asManager(run, options, async (client) => {
    const { program, position } = options;
    const query = position === undefined ? '' : `?position=${encodeURIComponent(position)}`;
    const answer = await client.call({
      ...{ service: 'reporting', method: 'GET', answer: trialBalance },
      path: `/v1/reports/${encodeURIComponent(program)}/trial-balance${query}`,
    });
    if (!answer.ok) throw failureOf('the trial balance cannot be read', answer.error);
    const balance = answer.value.value;
    run.terminal.out(
      options.json === true ? JSON.stringify(balance, null, 2) : trialBalanceTable(balance),
    );
    if (balance.balanced) return exitCodes.ok;
    run.terminal.note(
      `It does not balance: the sum is ${whole(balance.sum)}, and ${whole(balance.differenceCount)} figures of accounts differ from their postings.`,
    );
    return exitCodes.failed;
  });

const trialBalanceTable = ({ accounts, sum, differences, position }: TrialBalance): string =>
  [
    table(
      [
        ['posting account', 'points'],
        ...accounts.map(({ account, points }) => [account, whole(points)]),
        ['sum', whole(sum)],
      ],
      ['left', 'right'],
    ),
    `as of position ${position} in the event store`,
    ...(differences.length === 0
      ? []
      : [
          '',
          table(
            [
              ['account', 'figure', 'posted', 'folded'],
              ...differences.map(({ account, figure, posted, folded }) => [
                ...[account, figure, whole(posted), whole(folded)],
              ]),
            ],
            ['left', 'left', 'right', 'right'],
          ),
        ]),
  ].join('\n');
