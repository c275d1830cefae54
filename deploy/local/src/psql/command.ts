import { spawn } from 'node:child_process';
import { Console } from 'node:console';
import { once } from 'node:events';
import { Command, Option } from 'commander';
import { Client } from 'pg';
import { dataFolder } from '../data/folder.js';
import { runningPostgres } from '../data/running-postgres.js';
import { codeOf } from '../error-code.js';
import { exitCodes } from '../exit-codes.js';
import { defaultDataDir } from '../project.js';

interface Options {
  readonly data: string;
  readonly command?: string;
}

/**
 * `npm run psql`: PostgreSQL's own client on the PostgreSQL that `npm start` runs. A single statement (`-c`) needs no client: where there
 * is none on this machine, it is asked from here. Sets the process's exit code.
 */
export const run = async (args: readonly string[]): Promise<void> => {
  await new Command('npm run psql --')
    .description(
      'Asks the PostgreSQL of a system that runs; as its superuser, so look, and change nothing.',
    )
    .addOption(
      new Option('--data <folder>', 'the data folder of `npm start`')
        .env('TALLYSTICK_DATA')
        .default(defaultDataDir, '.tallystick beside the sources'),
    )
    .option('-c, --command <sql>', 'ask this, and end')
    .addHelpText(
      'after',
      '\nExamples:\n  npm run psql\n  npm run psql -- -c "select * from eventstore.migrations"\nWhat comes after a further -- goes to psql.',
    )
    .argument('[psql...]', 'arguments of psql')
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? exitCodes.ok : exitCodes.cannotStart);
    })
    .action(async (further: readonly string[], options: Options) => {
      process.exitCode = await ask(further, options);
    })
    .parseAsync(args, { from: 'user' });
};

const ask = async (further: readonly string[], { data, command }: Options): Promise<number> => {
  const folder = dataFolder(data);
  const running = await runningPostgres(folder.postgres).catch(() => null);
  if (running === null || !isRunning(running.pid)) {
    complain(`no system runs on ${folder.path}: start one in another terminal, npm start`);
    return exitCodes.cannotStart;
  }
  const asked = command === undefined ? [] : ['--command', command];
  const ended = await psql(running.url, [...asked, ...further]);
  if (ended !== null) return ended;
  if (command === undefined || further.length > 0) {
    complain(
      `there is no psql on this machine: install PostgreSQL's client, or let another client connect to\n${running.url}\n` +
        'One statement needs neither: npm run psql -- -c "select ..."',
    );
    return exitCodes.cannotStart;
  }
  return await askHere(running.url, command);
};

/** Its exit code; null: there is none on this machine. */
const psql = async (databaseUrl: string, args: readonly string[]): Promise<number | null> => {
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  const child = spawn('psql', args, {
    stdio: 'inherit',
    // Not among the arguments, which everybody on the machine may read.
    env: {
      ...process.env,
      ...{ PGHOST: hostname, PGPORT: port, PGUSER: username, PGPASSWORD: password },
      PGDATABASE: pathname.slice(1),
    },
  });
  // Ctrl-C is for the statement under way: psql goes on, and so do we.
  const listener = (): void => {};
  process.on('SIGINT', listener);
  try {
    await once(child, 'exit');
    return child.exitCode ?? exitCodes.failed;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  } finally {
    process.off('SIGINT', listener);
  }
};

/** Asks one statement, and shows its rows. */
const askHere = async (databaseUrl: string, sql: string): Promise<number> => {
  const client = new Client({ connectionString: databaseUrl, application_name: 'npm run psql' });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql);
    new Console(process.stdout).table(rows);
    return exitCodes.ok;
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error));
    return exitCodes.failed;
  } finally {
    await client.end();
  }
};

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
};

const complain = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
