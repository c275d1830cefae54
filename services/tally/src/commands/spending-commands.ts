import { InvalidArgumentError, Option, type Command } from 'commander';
import type { ExitCode } from '../exit-codes.js';
import type { Run } from './run.js';
import {
  listHolds,
  releaseHold,
  transferPoints,
  type HoldsOptions,
  type ReleaseOptions,
  type TransferOptions,
} from './spending.js';

const points = (text: string): number => {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError('It must be a whole number above 0.');
  return number;
};

/** What customer service does for members with points that they have. */
export const addSpendingCommands = (
  program: Command,
  run: Run,
  done: (code: ExitCode) => void,
): void => {
  const command = (name: string, description: string, example: string): Command =>
    program
      .command(name)
      .description(description)
      .addOption(new Option('--program <id>', 'the programme').makeOptionMandatory())
      .option('--as <subject>', "who you are, with the data folder's key; default: tally")
      .addOption(new Option('--json', 'for machines: one JSON document'))
      .addHelpText('after', example);
  const key = 'an Idempotency-Key, to send the same request again';

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
    'Send points from one account to another; they keep their dates',
    `
Examples:
  tally transfer --program shop --from-card 17850 --to-card 13047 --points 500 --reason "a present"
  tally transfer --program shop --from 0b1c --to 77aa --points 500 --reason "a present" --json`,
  )
    .option('--from <account>', 'the account that sends')
    .option('--from-card <number>', 'a card of it')
    .option('--to <account>', 'the account that receives')
    .option('--to-card <number>', 'a card of it')
    .requiredOption('--points <points>', 'how many', points)
    .requiredOption('--reason <text>', 'why; kept for ever, nothing personal')
    .option('--key <text>', key)
    .action(async (options: TransferOptions) => done(await transferPoints(run, options)));
};
