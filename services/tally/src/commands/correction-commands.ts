import type { Command } from 'commander';
import type { ExitCode } from '../exit-codes.js';
import {
  askForAdjustment,
  listAdjustments,
  type AdjustOptions,
  type ManagerOptions,
} from './adjustments.js';
import { approve, reject } from './approvals.js';
import { closePeriod, type ClosePeriodOptions } from './close-period.js';
import { askForMerge, listMerges, type MergeOptions } from './merge.js';
import {
  importOpeningBalances,
  listBatches,
  type OpeningBalancesOptions,
} from './opening-balances.js';
import { byHand, day, whole } from './arguments.js';
import type { Run } from './run.js';

/** What customer service and managers correct. */
export const addCorrectionCommands = (
  program: Command,
  run: Run,
  done: (code: ExitCode) => void,
): void => {
  const command = byHand(program);

  command(
    'adjust',
    'Ask for a correction of points or of what is owed; another manager approves it',
    `
Examples:
  tally adjust --program shop --card 17850 --up 500 --reason "receipt 4711 was lost" --as ann
  tally adjust --program shop --account 0b1c --down 200 --reason "counted twice"
  tally adjust --program shop --card 17850 --waive 40 --reason goodwill
  tally adjust --program shop --card 17850 --paid 40 --amount 0.40 --currency GBP --reference "till 3, 4711" --reason "paid at the desk"`,
  )
    .option('--card <number>', 'a card of the account')
    .option('--account <id>', 'the account')
    .option('--up <points>', 'give so many', whole)
    .option('--expires <time>', 'with --up: when they lapse, such as 2027-12-31T23:00:00Z')
    .option('--funder <name>', 'with --up: who pays for them; default: chain')
    .option('--down <points>', 'take so many', whole)
    .option('--waive <points>', 'let go so many of those that are owed', whole)
    .option('--paid <points>', 'so many of those that are owed were paid in money', whole)
    .option('--amount <decimal>', 'with --paid: how much money')
    .option('--currency <code>', 'with --paid: of which currency')
    .option('--reference <text>', 'with --paid: where it is booked')
    .requiredOption('--reason <text>', 'why; kept for ever, nothing personal')
    .option('--key <text>', 'an Idempotency-Key, to send the same request again')
    .action(async (options: AdjustOptions) => done(await askForAdjustment(run, options)));

  command(
    'adjustments',
    'List the corrections that wait for approval, the oldest first',
    '\nExample:\n  tally adjustments --program shop',
  ).action(async (options: ManagerOptions) => done(await listAdjustments(run, options)));

  command(
    'approve <request>',
    'Approve a correction, a merge, a transfer or opening balances that somebody else asked for',
    '\nExample:\n  tally approve 5d1f0c --program shop --as bob',
  ).action(async (id: string, options: ManagerOptions) => done(await approve(run, id, options)));

  command(
    'reject <request>',
    'End what somebody asked for, before it is approved; also your own',
    '\nExample:\n  tally reject 5d1f0c --program shop --reason "the receipt was found"',
  )
    .requiredOption('--reason <text>', 'why; kept for ever, nothing personal')
    .action(async (id: string, options: ManagerOptions & { readonly reason: string }) =>
      done(await reject(run, id, options)),
    );

  command(
    'merge',
    'Ask for one account to become part of another, for good; another manager approves it',
    '\nExample:\n  tally merge --program shop --source 0b1c --target 77aa --reason "one household" --as ann',
  )
    .requiredOption('--source <account>', 'the account that becomes part of the other')
    .requiredOption('--target <account>', 'the account that answers for both from then on')
    .requiredOption('--reason <text>', 'why; kept for ever, nothing personal')
    .option('--key <text>', 'an Idempotency-Key, to send the same request again')
    .action(async (options: MergeOptions) => done(await askForMerge(run, options)));

  command(
    'merges',
    'List the merges that wait for approval, the oldest first, and what each would move now',
    '\nExample:\n  tally merges --program shop',
  ).action(async (options: ManagerOptions) => done(await listMerges(run, options)));

  command(
    'opening-balances <file>',
    'Propose, and post when another manager has approved it, what another system kept: CSV, plain or .gz; - reads standard input',
    `
Columns: reference, card or account, points, and if there are any availableAt, expiresAt, funder, kind, qualifies, spend_<year>.
Rows that follow each other with one reference are the lots of one balance. A day without a time counts from its beginning, for
expiresAt to its end. The first run posts nothing: it says what the file comes to, and another manager approves that. The same command
posts it then, and goes on where it was cut off; after that, the same file again changes nothing.

Examples:
  tally opening-balances balances.csv --program shop --system old-crm --as ann
  tally approve 5d1f0c --program shop --as bob
  tally opening-balances balances.csv --program shop --system old-crm --as ann
  tally opening-balances export.csv.gz --program shop --system old-crm --mapping columns.yaml --rejects rejects.csv --json`,
  )
    .requiredOption(
      '--system <name>',
      'the system that they are from: a reference is taken once for it',
    )
    .option('--name <text>', 'what the balances are called; default: the name of the file')
    .option('--mapping <yaml>', 'other names of columns, separator, encoding, time zone')
    .option(
      '--rejects <csv>',
      'where to say which rows were not taken; default: <file>.rejects.csv here, if there are any',
    )
    .action(async (file: string, options: OpeningBalancesOptions) =>
      done(await importOpeningBalances(run, file, options)),
    );

  command(
    'balance-batches',
    'List the opening balances that wait for approval, the oldest first, and what they come to',
    '\nExample:\n  tally balance-batches --program shop',
  ).action(async (options: ManagerOptions) => done(await listBatches(run, options)));

  command(
    'close-period',
    'Close a period of every account, so that it need not be folded from its beginning; exit code 1 if one cannot be',
    '\nExample:\n  tally close-period --program shop --through 2025-12-31',
  )
    .requiredOption('--through <day>', "its last day, in the programme's time zone", day)
    .option('--no-wait', 'ask for it, and do not wait for the end')
    .action(async (options: ClosePeriodOptions) => done(await closePeriod(run, options)));
};
