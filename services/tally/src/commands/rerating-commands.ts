import type { Command } from 'commander';
import type { ExitCode } from '../exit-codes.js';
import type { ManagerOptions } from './adjustments.js';
import { byHand, whole } from './arguments.js';
import {
  approveRerating,
  listReratings,
  rejectRerating,
  requestRerating,
  type RerateOptions,
} from './rerating.js';
import type { Run } from './run.js';

/** A wrong version of a rulebook, put right. */
export const addReratingCommands = (
  program: Command,
  run: Run,
  done: (code: ExitCode) => void,
): void => {
  const group = program
    .command('rerate')
    .description('Rate again what a wrong version of a rulebook has rated; two people');
  const command = byHand(group);
  command(
    'request',
    'Ask for a run, and show what it would do; nothing is posted yet',
    '\nExample:\n  tally rerate request --program shop --from 2 --to 3 --reason "tobacco earned points" --as ann',
  )
    .requiredOption('--from <version>', 'the version that was wrong', whole)
    .requiredOption('--to <version>', 'the approved version that rates instead', whole)
    .option('--since <time>', 'receipts from this moment on, such as 2026-03-01T00:00:00Z')
    .option('--until <time>', 'receipts before this moment')
    .requiredOption('--reason <text>', 'why; told on each statement, nothing personal')
    .option('--key <text>', 'an Idempotency-Key, to send the same request again')
    .action(async (options: RerateOptions) => done(await requestRerating(run, options)));
  command(
    'approve <run>',
    'Approve a run that somebody else asked for: its differences are posted',
    '\nExample:\n  tally rerate approve 5d1f0c --program shop --as bob',
  ).action(async (id: string, options: ManagerOptions) =>
    done(await approveRerating(run, id, options)),
  );
  command(
    'reject <run>',
    'End a request; also your own',
    '\nExample:\n  tally rerate reject 5d1f0c --program shop --reason "version 4 is the right one"',
  )
    .requiredOption('--reason <text>', 'why; kept for ever, nothing personal')
    .action(async (id: string, options: ManagerOptions & { readonly reason: string }) =>
      done(await rejectRerating(run, id, options)),
    );
  command(
    'list',
    'List the runs of a programme, the oldest first',
    '\nExample:\n  tally rerate list --program shop',
  ).action(async (options: ManagerOptions) => done(await listReratings(run, options)));
};
