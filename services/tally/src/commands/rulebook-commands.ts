import type { Command } from 'commander';
import { Option } from 'commander';
import { rulebookSchemaText } from '@tallystick/programmes';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { checkRulebook, type CheckOptions } from './rulebook-check.js';
import { diffRulebooks } from './rulebook-diff.js';
import { newProgram, type NewProgramOptions } from './program-new.js';
import type { Run } from './run.js';
import { addVersionCommands } from './version-commands.js';

/** What can be done with a rulebook before it is anybody's: none of it asks the system. */
export const addRulebookCommands = (
  program: Command,
  run: Run,
  done: (code: ExitCode) => void,
): void => {
  const rulebook = program.command('rulebook').description('Check rulebooks before proposing them');
  rulebook
    .command('check <rulebook>')
    .description(
      'Say what is wrong in a rulebook, with line and column; exit code 2 if anything is',
    )
    .addOption(
      new Option('--after <rulebook>', 'a version before it: what must stay as it is there'),
    )
    .addOption(new Option('--json', 'for machines: one JSON document'))
    .addHelpText(
      'after',
      '\nExamples:\n  tally rulebook check programme.yaml\n  tally rulebook check programme-2.yaml --after programme-1.yaml',
    )
    .action(async (file: string, options: CheckOptions) =>
      done(await checkRulebook(run, file, options)),
    );
  rulebook
    .command('diff <rulebook> [other]')
    .description(
      'Say in words what changes from one version to another; of one file: from what is approved',
    )
    .addOption(new Option('--json', 'for machines: one JSON document'))
    .addHelpText(
      'after',
      '\nExamples:\n  tally rulebook diff programme-2.yaml\n  tally rulebook diff programme-1.yaml programme-2.yaml',
    )
    .action(async (file: string, other: string | undefined, options: { json?: boolean }) =>
      done(await diffRulebooks(run, file, other, options)),
    );
  rulebook
    .command('schema')
    .description('Print the JSON Schema of rulebooks, for editors')
    .action(() => {
      run.terminal.out(rulebookSchemaText().trimEnd());
      done(exitCodes.ok);
    });

  const programs = program
    .command('program')
    .description('Begin a programme, and take its versions from a draft into force');
  programs
    .command('new [id]')
    .description('Write the rulebook of a new programme from a template; without a name: list them')
    .option('--template <name>', 'which one')
    .option('--out <file>', 'where to; default: <id>.yaml here')
    .addHelpText(
      'after',
      '\nExamples:\n  tally program new\n  tally program new corner-club --template bronze-silver-gold',
    )
    .action(async (id: string | undefined, options: NewProgramOptions) =>
      done(await newProgram(run, id, options)),
    );
  addVersionCommands(programs, run, done);
};
