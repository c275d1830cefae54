import { Option, type Command } from 'commander';
import { serviceNames } from '@tallystick/contracts';
import type { ExitCode } from '../exit-codes.js';
import {
  dropDeadLetters,
  listDeadLetters,
  retryDeadLetters,
  showDeadLetter,
  type DlqListOptions,
  type DlqOptions,
  type DlqRetryOptions,
} from './dead-letters.js';
import { whole } from './arguments.js';
import type { Run } from './run.js';

/** What ops do with messages that no service could take. */
export const addDeadLetterCommands = (
  program: Command,
  run: Run,
  done: (code: ExitCode) => void,
): void => {
  const dlq = program
    .command('dlq')
    .description('Messages that a service could not take: look at them, try them again, drop them')
    .showHelpAfterError('(tally dlq --help shows what there is)');
  const command = (name: string, description: string, example: string): Command =>
    dlq
      .command(name)
      .description(description)
      .option('--as <subject>', "who you are, with the local system's key; default: tally")
      .addOption(new Option('--json', 'for machines: one JSON document'))
      .addHelpText('after', `\nExample:\n  ${example}`);

  command(
    'list',
    'List them, service after service, oldest first',
    'tally dlq list --topic receipts',
  )
    .addOption(new Option('--service <name>', 'of this service only').choices([...serviceNames]))
    .option('--topic <name>', 'of this topic only')
    .option('--limit <letters>', 'at most so many', whole, 100)
    .action(async (options: DlqListOptions) => done(await listDeadLetters(run, options)));

  command(
    'show <letter>',
    'Show one with its headers',
    'tally dlq show accrual/receipts/3/17',
  ).action(async (id: string, options: DlqOptions) => done(await showDeadLetter(run, id, options)));

  command(
    'retry [letters...]',
    'Have the service try them again: it takes each, or says why it still cannot (exit code 7)',
    'tally dlq retry accrual/receipts/3/17',
  )
    .option('--all', 'all that there are when it begins, once each')
    .action(async (ids: readonly string[], options: DlqRetryOptions) =>
      done(await retryDeadLetters(run, ids, options)),
    );

  command(
    'drop <letters...>',
    'Give them up: they are not shown any more',
    'tally dlq drop accrual/receipts/3/17 accrual/receipts/3/18',
  ).action(async (ids: readonly string[], options: DlqOptions) =>
    done(await dropDeadLetters(run, ids, options)),
  );
};
