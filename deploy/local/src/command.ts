import { Command, InvalidArgumentError, Option } from 'commander';
import { localPort } from '@tallystick/contracts';
import { CannotStart } from '@tallystick/embedded-postgres';
import { BusUnavailable } from '@tallystick/message-bus';
import { busKinds, ConfigError } from '@tallystick/service-host';
import pc from 'picocolors';
import { exitCodes, type ExitCode } from './exit-codes.js';
import { Interrupted, listenForInterrupts } from './interrupts.js';
import { defaultDataDir } from './project.js';
import { progressOn } from './sample/run/progress.js';
import { runSample } from './sample/run/run.js';
import { renderNext, renderSummary } from './sample/run/summary.js';
import { eventStorePlaceOf } from './system/event-store-place.js';
import {
  startLocalSystem,
  type LocalSystem,
  type LocalSystemOptions,
} from './system/local-system.js';

interface Options {
  readonly once: boolean;
  readonly serve: boolean;
  readonly port: number;
  readonly data: string;
  readonly processes: boolean;
  readonly weeks: number;
}

/** `npm start`: runs the system, the sample first unless it is told otherwise, and sets the process's exit code. */
export const run = async (args: readonly string[]): Promise<void> => {
  const options = parse(args);
  // Who reads us may go away (a pager, a closed terminal): the system goes on until it is asked to stop.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => {});
  const interrupts = listenForInterrupts(
    () => {
      if (!options.serve) say('\nStopping; Ctrl-C again does not wait.');
    },
    () => process.exit(exitCodes.interrupted),
  );
  process.exitCode = await perform(options, interrupts.signal);
  interrupts.dispose();
};

const perform = async (options: Options, signal: AbortSignal): Promise<ExitCode> => {
  try {
    return await withSystem(options, signal, (system) =>
      options.serve ? serve(system, options, signal) : playSample(system, options, signal),
    );
  } catch (error) {
    if (signal.aborted && wasGivenUp(error)) return exitCodes.interrupted;
    if (
      error instanceof CannotStart ||
      error instanceof ConfigError ||
      error instanceof BusUnavailable
    ) {
      complain(`${pc.red('Tallystick cannot start:')} ${error.message}`);
      return exitCodes.cannotStart;
    }
    complain(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return exitCodes.failed;
  }
};

/** The end of work that a signal broke off: the signal's own reason, or what Node makes of it in a timer. */
const wasGivenUp = (error: unknown): boolean =>
  error instanceof Interrupted || (error instanceof Error && error.name === 'AbortError');

/** What accrual is to be told, if anything; it checks that itself. */
const clockOf = (env: NodeJS.ProcessEnv): number | undefined => {
  const seconds = env['TALLYSTICK_CLOCK_EVERY_SECONDS'];
  return seconds === undefined || seconds === '' ? undefined : Number(seconds);
};

/** `TALLYSTICK_BUS=kafka` with `TALLYSTICK_KAFKA_BROKERS`, as the services read them. Throws `CannotStart` when it names no bus. */
const kafkaOf = (env: NodeJS.ProcessEnv): Pick<LocalSystemOptions, 'kafka'> => {
  const { TALLYSTICK_BUS: bus = '', TALLYSTICK_KAFKA_BROKERS: brokers = '' } = env;
  if (bus === '' || bus === 'postgres') return {};
  if (bus !== 'kafka')
    throw new CannotStart(`TALLYSTICK_BUS is wrong: expected one of ${busKinds.join(', ')}`);
  return { kafka: { brokers: brokers.split(','), prefix: env['TALLYSTICK_KAFKA_PREFIX'] ?? '' } };
};

/** What the services are to know of telemetry; those in processes of their own have no other way to hear it. */
const telemetryOf = (env: NodeJS.ProcessEnv): Record<string, string> => {
  const told: Record<string, string> = {};
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && (name.startsWith('OTEL_') || name === 'TALLYSTICK_OTLP_ENDPOINT'))
      told[name] = value;
  return told;
};

const withSystem = async (
  options: Options,
  signal: AbortSignal,
  work: (system: LocalSystem) => Promise<ExitCode>,
): Promise<ExitCode> => {
  if (!options.serve) say(pc.dim('Starting PostgreSQL and the five services …'));
  const system = await startLocalSystem({
    dataDir: options.data,
    port: options.port,
    processes: options.processes ? 5 : 1,
    eventStore: eventStorePlaceOf(process.env),
    clockEverySeconds: clockOf(process.env),
    logLevel: process.env['TALLYSTICK_LOG_LEVEL'] ?? (options.serve ? 'info' : 'warn'),
    log: (message) => complain(pc.dim(message)),
    signal,
    telemetry: telemetryOf(process.env),
    ...kafkaOf(process.env),
  });
  try {
    return await work(system);
  } finally {
    await system.stop();
  }
};

const playSample = async (
  system: LocalSystem,
  options: Options,
  signal: AbortSignal,
): Promise<ExitCode> => {
  const style = { colors: pc.isColorSupported };
  const progress = progressOn(process.stdout, 'A shop’s quarter');
  const facts = await runSample(system, { weeks: options.weeks, progress, signal });
  say(`\n${renderSummary(facts, style)}\n`);
  const held = facts.checks.every((check) => check.holds);
  if (options.once) return held ? exitCodes.ok : exitCodes.failed;
  const dataDir = system.folder.path === defaultDataDir ? null : system.folder.path;
  say(`${renderNext({ url: system.url, dataDir }, facts, style)}\n`);
  await serve(system, options, signal);
  return held ? exitCodes.ok : exitCodes.failed;
};

const serve = async (
  system: LocalSystem,
  options: Options,
  signal: AbortSignal,
): Promise<ExitCode> => {
  if (options.serve) complain(pc.dim(`Tallystick serves at ${system.url}`));
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  return exitCodes.ok;
};

const parse = (args: readonly string[]): Options => {
  const command = new Command('npm start --')
    .description(
      'Runs Tallystick on this machine: PostgreSQL, five services, and the quarter of a sample shop.',
    )
    .option('--once', 'end after the summary; status 0 only if every check in it held', false)
    .option('--serve', 'no sample, and nothing on standard output: just serve', false)
    .option(
      '--processes',
      'each service in a process of its own, on the five ports after --port, instead of all in one',
      false,
    )
    .addOption(
      new Option('--weeks <number>', 'play only the first so many weeks of the quarter')
        .default(Infinity, 'all')
        .argParser(weeksOf),
    )
    .addOption(
      new Option('--port <number>', 'of the one address of all services; 0: any free one')
        .env('TALLYSTICK_PORT')
        .default(localPort)
        .argParser(portOf),
    )
    .addOption(
      new Option('--data <folder>', 'where the data are kept between runs')
        .env('TALLYSTICK_DATA')
        .default(defaultDataDir, '.tallystick beside the sources'),
    )
    .allowExcessArguments(false)
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? exitCodes.ok : exitCodes.cannotStart);
    })
    .parse(args, { from: 'user' });
  const options = command.opts<Options>();
  if (options.once && options.serve) command.error('--once and --serve exclude each other');
  return options;
};

const portOf = (text: string): number => {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new InvalidArgumentError('a port is a number from 0 to 65535');
  }
  return Number(text);
};

const weeksOf = (text: string): number => {
  if (!/^[1-9]\d?$/.test(text)) throw new InvalidArgumentError('weeks are a number from 1 to 99');
  return Number(text);
};

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const complain = (text: string): void => {
  process.stderr.write(`${text}\n`);
};
