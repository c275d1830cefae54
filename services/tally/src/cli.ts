import { Command, InvalidArgumentError, Option } from 'commander';
import {
  showBalance,
  showStatement,
  type AccountOptions,
  type StatementOptions,
} from './commands/account.js';
import { showMemberships } from './commands/memberships.js';
import { duration, whole } from './commands/arguments.js';
import { addCertificateCommands } from './commands/certificate-commands.js';
import { addCorrectionCommands } from './commands/correction-commands.js';
import { addDeadLetterCommands } from './commands/dead-letter-commands.js';
import { explainFact, type ExplainOptions } from './commands/explain.js';
import { importFile, type ImportOptions } from './commands/import.js';
import { addMemberCommands } from './commands/member-commands.js';
import { addReratingCommands } from './commands/rerating-commands.js';
import { addRulebookCommands } from './commands/rulebook-commands.js';
import { replay, type ReplayOptions } from './commands/replay.js';
import type { Run } from './commands/run.js';
import { addSpendingCommands } from './commands/spending-commands.js';
import { showTrialBalance, type TrialBalanceOptions } from './commands/trial-balance.js';
import { printToken, type TokenOptions } from './commands/token.js';
import { exitCodes, type ExitCode } from './exit-codes.js';
import { mappingJsonSchema } from './mapping/json-schema.js';
import { roles, type Role } from './system/token.js';

const environment = `
Environment:
  TALLYSTICK_URL             the system's address; TALLYSTICK_ACCRUAL_URL and so on, for services at addresses of their own.
                             Without them: the system that runs on the data folder, else one started for this command
  TALLYSTICK_TOKEN           bearer token. Without it, one is signed with the key of the data folder
  TALLYSTICK_DATA            the data folder; default: .tallystick in the project. The same as the system's own --data:
                             TALLYSTICK_DATA=./other npm run tally -- balance ...

Who you are:
  Without TALLYSTICK_TOKEN, commands that change points by hand take --as <name>; default: tally. What one person asks for,
  another one approves: tally adjust ... --as ann, tally approve ... --as bob. With a token it is the token's subject.

Exit codes:
  0  done as asked            3  imported, but some rows were rejected or refused     6  not found
  1  something does not hold  4  the system does not answer, or cannot be started     7  the system refuses it, and says why
  2  wrong arguments or file  5  the token does not allow it                        130  interrupted`;

const role = (text: string, before: readonly Role[] = []): readonly Role[] => {
  const known = roles.find((name) => name === text);
  if (known === undefined) throw new InvalidArgumentError(`The roles are ${roles.join(', ')}.`);
  return [...before, known];
};

/** The command line: `done` is told what the chosen command ended with. */
export const commandLine = (run: Run, done: (code: ExitCode) => void): Command => {
  const program = new Command('tally')
    .description(
      'The command line of Tallystick: imports sales files, shows points and why they are there, checks the ledger.',
    )
    .showHelpAfterError('(tally --help, or tally <command> --help, shows what there is)')
    .configureOutput({ writeErr: (text) => run.terminal.note(text.trimEnd()) })
    .exitOverride()
    .addHelpText('after', environment);
  const json = (): Option => new Option('--json', 'for machines: one JSON document');
  const ofProgram = (): Option =>
    new Option('--program <id>', 'the programme').makeOptionMandatory();

  program
    .command('import <file>')
    .description('Import a sales file: CSV or TSV, plain or .gz; - reads standard input')
    .requiredOption(
      '--mapping <yaml>',
      'how the file is read: a path, or the name of one of ours (online-retail, sales-without-lines)',
    )
    .addOption(ofProgram())
    .option('--enroll', 'enrol unknown cards first; otherwise their receipts wait for them')
    .option(
      '--rejects <csv>',
      'where to say which rows were not taken; default: <file>.rejects.csv here, if there are any',
    )
    .option('--dry-run', 'read and check the file, send nothing')
    .addOption(json())
    .addHelpText(
      'after',
      `
Every row of the file ends in one outcome, and the counts add up to the file. The same file again changes nothing;
after an interruption, the same command goes on where it stopped.

Examples:
  tally import sales.csv.gz --mapping online-retail --program shop --enroll
  tally import sales.csv --mapping my-mapping.yaml --program shop --dry-run
  zcat sales.csv.gz | tally import - --mapping my-mapping.yaml --program shop --rejects rejects.csv --json`,
    )
    .action(async (file: string, options: ImportOptions) =>
      done(await importFile(run, file, options)),
    );

  const account = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .addOption(ofProgram())
      .option('--card <number>', 'a card of the account')
      .option('--account <id>', 'the account')
      .addOption(json());
  account('balance', 'Show the points of an account')
    .addHelpText('after', '\nExample:\n  tally balance --program shop --card 17850')
    .action(async (options: AccountOptions) => done(await showBalance(run, options)));
  account('membership', 'Show until when the paid memberships of an account last')
    .addHelpText('after', '\nExample:\n  tally membership --program shop --card 17850')
    .action(async (options: AccountOptions) => done(await showMemberships(run, options)));
  account('statement', 'Show why an account has its points: its entries, newest first')
    .option('--limit <entries>', 'at most so many', whole, 50)
    .addHelpText('after', '\nExample:\n  tally statement --program shop --card 17850 --limit 200')
    .action(async (options: StatementOptions) => done(await showStatement(run, options)));

  program
    .command('explain')
    .description(
      'Show why a receipt or a partner’s event earned what it earned, rule by rule, and each line why not; or why an account has its gift certificates',
    )
    .addOption(ofProgram())
    .option('--chain <id>', 'the chain of its shop')
    .option('--store <id>', 'its shop')
    .option('--till <id>', 'its till')
    .option('--number <text>', 'its number')
    .option('--date <day>', 'its business date: 2026-05-05')
    .option('--partner <id>', 'of an event: the partner that sent it')
    .option('--event <id>', "of an event: the partner's id of it")
    .option('--account <id>', 'the account whose gift certificates are explained')
    .addOption(json())
    .addHelpText(
      'after',
      '\nExamples:\n  tally explain --program shop --chain acme --store 12 --till 3 --number 4711 --date 2026-05-05\n  tally explain --program shop --partner cinema --event t-4711\n  tally explain --program shop --account 7d0c',
    )
    .action(async (options: ExplainOptions) => done(await explainFact(run, options)));

  addMemberCommands(program, run, done);
  addSpendingCommands(program, run, done);
  addCertificateCommands(program, run, done);
  addCorrectionCommands(program, run, done);
  addRulebookCommands(program, run, done);
  addReratingCommands(program, run, done);

  program
    .command('trial-balance')
    .description(
      'Show what the postings of a programme sum to; exit code 1 if they do not balance, or differ from the accounts',
    )
    .addOption(ofProgram())
    .option('--position <number>', 'as of this place in the event store; default: as of now')
    .option('--as <subject>', "who you are, with the data folder's key; default: tally")
    .addOption(json())
    .addHelpText(
      'after',
      '\nExamples:\n  tally trial-balance --program shop\n  tally trial-balance --program shop --position 120000',
    )
    .action(async (options: TrialBalanceOptions) => done(await showTrialBalance(run, options)));

  program
    .command('replay')
    .description(
      'Fold the whole event store again and compare every view with it; exit code 1 if one differs',
    )
    .option('--rebuild', 'make the views anew from the store first')
    .addOption(json())
    .addHelpText('after', '\nExample:\n  tally replay --rebuild')
    .action(async (options: ReplayOptions) => done(await replay(run, options)));

  const list = (text: string, before: readonly string[] | undefined): readonly string[] => [
    ...(before ?? []),
    text,
  ];
  addDeadLetterCommands(program, run, done);

  program
    .command('token')
    .description("Sign a bearer token with the local system's key")
    .requiredOption(
      '--role <role>',
      `what its bearer may do, repeatable: ${roles.join(', ')}`,
      role,
    )
    .option('--program <id>', 'programmes it covers, repeatable; default: all', list)
    .option('--chain <id>', 'chains it covers, repeatable; default: all', list)
    .option('--store <id>', 'stores it covers, repeatable; default: all', list)
    .option('--subject <name>', 'who its bearer is', 'tally')
    .option('--member <id>', 'the member, for role member')
    .option('--account <id>', "the member's account, for role member")
    .option('--partner <id>', 'the partner, for role partner')
    .option('--expires <duration>', 'how long it is good for: 90s, 30m, 1h, 7d', duration, 3_600)
    .addOption(json())
    .addHelpText(
      'after',
      `
Examples:
  tally token --role manager --program shop
  curl -H "Authorization: Bearer $(npm run -s tally -- token --role auditor)" http://127.0.0.1:7400/v1/reports/shop/summary`,
    )
    .action(async (options: TokenOptions) => done(await printToken(run, options)));

  program
    .command('mapping-schema')
    .description('Print the JSON Schema of mapping files, for editors')
    .action(() => {
      run.terminal.out(mappingJsonSchema().trimEnd());
      done(exitCodes.ok);
    });
  return program;
};
