#!/usr/bin/env node
import { CommanderError } from 'commander';
import { commandLine } from './cli.js';
import { exitCodes, Failure, type ExitCode } from './exit-codes.js';
import { processTerminal } from './output/terminal.js';
import { UnreadableFile } from './reading/unreadable-file.js';
import { tellRun } from './system/tell-run.js';

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => interruption.abort());
// A reader that has seen enough (`tally statement | head`) is no error.
process.stdout.on('error', (error: Error) => {
  if ('code' in error && error.code === 'EPIPE') process.exit();
  throw error;
});

const terminal = processTerminal;

const exitCodeOf = (error: unknown): ExitCode => {
  if (interruption.signal.aborted) {
    terminal.note('Interrupted. The same command again goes on where this one stopped.');
    return exitCodes.interrupted;
  }
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof Failure) {
    terminal.note(`tally: ${error.message}`);
    return error.exitCode;
  }
  if (error instanceof UnreadableFile) {
    terminal.note(`tally: ${error.message}`);
    return exitCodes.usage;
  }
  terminal.note(
    `tally: this is a bug\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  return exitCodes.failed;
};

/** Runs what was asked for; where telemetry is on, as a span of its own. */
const main = async (): Promise<void> => {
  const done = (code: ExitCode): void => {
    process.exitCode = code;
  };
  const asked = process.argv[2];
  const known = commandLine({ env: {}, terminal, signal: interruption.signal }, done);
  const command = known.commands.find((one) => one.name() === asked)?.name();
  const told = command === undefined ? null : await tellRun(command, process.env);
  const env = told?.env ?? process.env;
  try {
    await commandLine({ env, terminal, signal: interruption.signal }, done).parseAsync();
  } catch (error) {
    process.exitCode = exitCodeOf(error);
  }
  await told?.end(Number(process.exitCode ?? exitCodes.ok));
};

try {
  await main();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
