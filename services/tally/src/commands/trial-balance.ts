import { z } from 'zod';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { table, whole } from '../output/table.js';
import { failureOf } from '../system/problem.js';
import { asManager, type ManagerOptions } from './adjustments.js';
import type { Run } from './run.js';

const trialBalance = z.looseObject({
  accounts: z.array(z.looseObject({ account: z.string(), points: z.int() })),
  sum: z.int(),
  balanced: z.boolean(),
  differenceCount: z.int(),
  differences: z.array(
    z.looseObject({
      ...{ account: z.string(), figure: z.string(), posted: z.int(), folded: z.int() },
    }),
  ),
});
type TrialBalance = z.output<typeof trialBalance>;

/** `tally trial-balance`: what the postings of a programme sum to. Fails where they do not balance. */
export const showTrialBalance = (run: Run, options: ManagerOptions): Promise<ExitCode> =>
  asManager(run, options, async (client) => {
    const answer = await client.call({
      ...{ service: 'reporting', method: 'GET', answer: trialBalance },
      path: `/v1/reports/${encodeURIComponent(options.program)}/trial-balance`,
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

const trialBalanceTable = ({ accounts, sum, differences }: TrialBalance): string =>
  [
    table(
      [
        ['posting account', 'points'],
        ...accounts.map(({ account, points }) => [account, whole(points)]),
        ['sum', whole(sum)],
      ],
      ['left', 'right'],
    ),
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
