import { z } from 'zod';
import type { ExitCode } from '../exit-codes.js';
import { table } from '../output/table.js';
import { failureOf } from '../system/problem.js';
import { withAccount, type AccountOptions } from './account.js';
import type { Run } from './run.js';

const membership = z.looseObject({
  ...{ membership: z.string(), level: z.string(), first: z.string(), last: z.string() },
});
const answered = z.looseObject({
  ...{ account: z.string(), day: z.string(), level: z.string().nullable() },
  ...{ paidUntil: z.string().nullable(), memberships: z.array(membership) },
});

/** `tally membership`: until when an account has paid for what. */
export const showMemberships = (run: Run, options: AccountOptions): Promise<ExitCode> =>
  withAccount(run, options, async (client, account) => {
    const program = encodeURIComponent(options.program);
    const answer = await client.call({
      ...{ service: 'accrual', method: 'GET', answer: answered },
      path: `/v1/programs/${program}/memberships/${encodeURIComponent(account)}`,
    });
    if (!answer.ok) throw failureOf('the memberships cannot be read', answer.error);
    const { value } = answer.value;
    run.terminal.out(
      options.json === true ? JSON.stringify(value, null, 2) : words(value).join('\n'),
    );
  });

const words = ({ account, level, paidUntil, memberships }: z.output<typeof answered>): string[] => [
  `account ${account}: ` +
    (paidUntil === null ? 'nothing is paid for today' : `paid up to and with ${paidUntil}`) +
    (level === null ? '' : `; level ${level}`),
  ...(memberships.length === 0
    ? []
    : [
        table(
          [
            ['membership', 'level', 'first day', 'last day'],
            ...memberships.map((one) => [one.membership, one.level, one.first, one.last]),
          ],
          ['left', 'left', 'left', 'left'],
        ),
      ]),
];
