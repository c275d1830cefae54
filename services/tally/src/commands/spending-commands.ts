import type { Command } from 'commander';
import type { ExitCode } from '../exit-codes.js';
import {
  captureHold,
  holdPoints,
  redeemPoints,
  refundRedemption,
  type CaptureOptions,
  type HoldOptions,
  type RedeemOptions,
  type RefundOptions,
} from './redeeming.js';
import { byHand, holdDuration, whole } from './arguments.js';
import type { Run } from './run.js';
import { listHolds, releaseHold, type HoldsOptions, type ReleaseOptions } from './spending.js';
import type { ManagerOptions } from './adjustments.js';
import { askForTransfer, listTransfers, type TransferOptions } from './transfers.js';

/** What customer service does for members with points that they have. */
export const addSpendingCommands = (
  program: Command,
  run: Run,
  done: (code: ExitCode) => void,
): void => {
  const command = byHand(program);
  const key = 'an Idempotency-Key, to send the same request again';

  const spending = (name: string, description: string, example: string): Command =>
    command(name, description, example)
      .option('--card <number>', 'a card of the account')
      .option('--account <id>', 'the account')
      .requiredOption('--points <points>', 'how many', whole)
      .requiredOption('--reference <text>', "the till's or the shop's own reference")
      .option(
        '--kind <kind>',
        'what they are spent on, as the rulebook has it: discount, or reward:<id> for its price; default: discount',
      )
      .option('--key <text>', key);

  spending(
    'redeem',
    'Spend points of an account',
    '\nExample:\n  tally redeem --program shop --card 17850 --points 500 --reference "till 7"',
  ).action(async (options: RedeemOptions) => done(await redeemPoints(run, options)));

  command(
    'refund <redemption>',
    'Cancel a redemption: the same points come back, once',
    '\nExample:\n  tally refund 6b0f1e --program shop --reason "the goods came back"\n\nThe statement names each redemption.',
  )
    .requiredOption('--reason <text>', 'why; kept for ever, nothing personal')
    .option('--key <text>', key)
    .action(async (id: string, options: RefundOptions) =>
      done(await refundRedemption(run, id, options)),
    );

  spending(
    'hold',
    'Reserve points of an account: nobody else can spend them until they are captured, released or the hold lapses',
    '\nExample:\n  tally hold --program shop --card 17850 --points 500 --reference "order 4711" --lapses-in 2h',
  )
    .option(
      '--lapses-in <duration>',
      'for how long: 90s, 30m, 1h, 7d, at most 30d; default: 15m',
      holdDuration,
    )
    .action(async (options: HoldOptions) => done(await holdPoints(run, options)));

  command(
    'capture <hold>',
    'Spend what a hold reserves, whole or in part: from then on it is a redemption',
    '\nExamples:\n  tally capture 6b0f1e --program shop\n  tally capture 6b0f1e --program shop --points 200 --keep-rest',
  )
    .option('--points <points>', 'how many; default: all that it still reserves', whole)
    .option('--keep-rest', 'what is left stays reserved; otherwise it goes back')
    .option('--key <text>', key)
    .action(async (id: string, options: CaptureOptions) =>
      done(await captureHold(run, id, options)),
    );

  command(
    'holds',
    'Show which points of an account are held, for what and until when',
    '\nExample:\n  tally holds --program shop --card 17850',
  )
    .option('--card <number>', 'a card of the account')
    .option('--account <id>', 'the account')
    .action(async (options: HoldsOptions) => done(await listHolds(run, options)));

  command(
    'release <hold>',
    'Give back the points that a hold still reserves',
    '\nExample:\n  tally release 6b0f1e --program shop',
  )
    .option('--key <text>', key)
    .action(async (hold: string, options: ReleaseOptions) =>
      done(await releaseHold(run, hold, options)),
    );

  command(
    'transfer',
    'Ask for points to be sent from one account to another; another manager approves it',
    `
Examples:
  tally transfer --program shop --from-card 17850 --to-card 13047 --points 500 --reason "a present" --as ann
  tally transfer --program shop --from 0b1c --to 77aa --points 500 --reason "a present" --json`,
  )
    .option('--from <account>', 'the account that sends')
    .option('--from-card <number>', 'a card of it')
    .option('--to <account>', 'the account that receives')
    .option('--to-card <number>', 'a card of it')
    .requiredOption('--points <points>', 'how many', whole)
    .requiredOption('--reason <text>', 'why; kept for ever, nothing personal')
    .option('--key <text>', key)
    .action(async (options: TransferOptions) => done(await askForTransfer(run, options)));

  command(
    'transfers',
    'List the transfers that wait for approval, the oldest first',
    '\nExample:\n  tally transfers --program shop',
  ).action(async (options: ManagerOptions) => done(await listTransfers(run, options)));
};
