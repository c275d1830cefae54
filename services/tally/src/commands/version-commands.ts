import { Option, type Command } from 'commander';
import type { ExitCode } from '../exit-codes.js';
import type { ManagerOptions } from './adjustments.js';
import { byHand } from './arguments.js';
import { showBudgets, type BudgetsOptions } from './budgets.js';
import type { Run } from './run.js';
import {
  approveVersion,
  draftVersion,
  listVersions,
  withdrawVersion,
  type ApproveOptions,
} from './versions.js';

/** From a document to a version in force: one person proposes, another approves. */
export const addVersionCommands = (
  programs: Command,
  run: Run,
  done: (code: ExitCode) => void,
): void => {
  const ofFile = (name: string, description: string, propose: boolean): void => {
    programs
      .command(`${name} <rulebook>`)
      .description(description)
      .option('--as <subject>', "who you are, with the data folder's key; default: tally")
      .addOption(new Option('--json', 'for machines: one JSON document'))
      .addHelpText('after', `\nExample:\n  tally program ${name} programme.yaml --as ann`)
      .action(async (file: string, options: { as?: string; json?: boolean }) =>
        done(await draftVersion(run, file, { ...options, propose })),
      );
  };
  ofFile('draft', 'Keep a rulebook as what the next version may be; nobody is asked yet', false);
  ofFile('propose', 'Ask another manager to approve a rulebook as the next version', true);

  const command = byHand(programs);
  command(
    'approve',
    'Show what a proposed version changes; with its --hash: put it in force',
    `
Who wrote or proposed it cannot approve it.

Examples:
  tally program approve --program shop
  tally program approve --program shop --hash 0f3c9ab17e52 --as bob`,
  )
    .option('--hash <digits>', 'of the version that you have seen: 12 digits or more')
    .action(async (options: ApproveOptions) => done(await approveVersion(run, options)));
  command(
    'withdraw',
    'Make what is proposed a draft again; also your own',
    '\nExample:\n  tally program withdraw --program shop --reason "tobacco earns nothing"',
  )
    .requiredOption('--reason <text>', 'why; kept for ever, nothing personal')
    .action(async (options: ManagerOptions & { readonly reason: string }) =>
      done(await withdrawVersion(run, options)),
    );
  command(
    'versions',
    'List the versions of a programme, and who signed them',
    '\nExample:\n  tally program versions --program shop',
  ).action(async (options: ManagerOptions) => done(await listVersions(run, options)));
  command(
    'budgets',
    "Show what is left of the campaigns' budgets",
    '\nExamples:\n  tally program budgets --program shop\n  tally program budgets --program staff --sender jane --json',
  )
    .option('--sender <name>', 'whose part, of a budget that each sender has')
    .action(async (options: BudgetsOptions) => done(await showBudgets(run, options)));
};
