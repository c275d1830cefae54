import path from 'node:path';
import { Command, Option } from 'commander';
import { CannotStart } from '@tallystick/embedded-postgres';
import pc from 'picocolors';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { defaultDataDir } from '../project.js';
import { BackupUnusable } from './manifest.js';
import { keepKeys, placeOf, withDatabase, type Place } from './place.js';
import { restoreInto } from './restore-into.js';
import { takeBackup } from './take-backup.js';

interface Options {
  readonly data?: string;
  readonly json: boolean;
}

/** `npm run backup` and `npm run restore`; sets the process's exit code. */
export const run = async (args: readonly string[]): Promise<void> => {
  const program = new Command('npm run').exitOverride((error) => {
    process.exit(error.exitCode === 0 ? exitCodes.ok : exitCodes.cannotStart);
  });
  command(program, 'backup', 'copies a system, running or not, into a folder', backup);
  command(program, 'restore', 'fills an empty place from such a folder, and compares', restore);
  await program.parseAsync(args, { from: 'user' });
};

type Work = (
  folder: string,
  place: Place,
) => Promise<{ readonly said: string; readonly json: object }>;

const command = (program: Command, name: string, description: string, work: Work): void => {
  program
    .command(name)
    .description(description)
    .argument('<folder>', 'the folder of the backup')
    .addOption(
      new Option('--data <folder>', 'the data folder of `npm start`').env('TALLYSTICK_DATA'),
    )
    .option('--json', 'the result as JSON', false)
    .addHelpText(
      'after',
      '\nWithout --data: the database that TALLYSTICK_ADMIN_DATABASE_URL names; without that, .tallystick.',
    )
    .action(async (folder: string, options: Options) => {
      process.exitCode = await perform(path.resolve(folder), options, work);
    });
};

const perform = async (folder: string, options: Options, work: Work): Promise<ExitCode> => {
  const adminUrl = process.env['TALLYSTICK_ADMIN_DATABASE_URL'];
  try {
    const done = await work(folder, placeOf(options.data, adminUrl, defaultDataDir));
    process.stdout.write(`${options.json ? JSON.stringify(done.json) : done.said}\n`);
    return exitCodes.ok;
  } catch (error) {
    if (error instanceof BackupUnusable || error instanceof CannotStart) {
      complain(pc.red(error.message));
      return exitCodes.cannotStart;
    }
    complain(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return exitCodes.failed;
  }
};

const backup: Work = async (folder, place) => {
  const withKeys = await keepKeys(place, folder);
  const taken = await withDatabase(place, complain, (url) =>
    takeBackup(url, folder, { say: complain }),
  );
  const keys = withKeys
    ? 'keys.json is in it, and opens everything that is sealed: keep that file apart from the rest.'
    : 'Not in it: the keys of your environment (card token key, master keys). Without them it cannot be read.';
  const elsewhere =
    taken.position === 0 && taken.rows > 0
      ? '\nThere are no events in this database: where they are in EventStoreDB, take its own backup now, after this one.'
      : '';
  return {
    said:
      `Backed up to position ${taken.position}, ${taken.newEvents} events of it new, and ${taken.rows} rows that no event can make again.\n` +
      keys +
      elsewhere,
    json: { ...taken, keys: withKeys },
  };
};

const restore: Work = async (folder, place) => {
  const restored = await restoreInto(place, folder, complain);
  return {
    said:
      `Restored to position ${restored.position}, and ${restored.rows} rows; all of it read again and equal to the backup.\n` +
      'Views and bus are made again from the events when the services start.',
    json: restored,
  };
};

const complain = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
