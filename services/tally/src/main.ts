#!/usr/bin/env node
import { CommanderError } from 'commander';
import { commandLine } from './cli.js';
import { exitCodes, Failure, type ExitCode } from './exit-codes.js';
import { processTerminal } from './output/terminal.js';
import { UnreadableFile } from './reading/unreadable-file.js';

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => interruption.abort());
// A reader that has seen enough (`tally statement | head`) is no error.
process.stdout.on('error', (error: Error) => {
  if ('code' in error && error.code === 'EPIPE') process.exit();
  throw error;
});

const run = { env: process.env, terminal: processTerminal, signal: interruption.signal };

const exitCodeOf = (error: unknown): ExitCode => {
  if (interruption.signal.aborted) {
    run.terminal.note('Interrupted. The same command again goes on where this one stopped.');
    return exitCodes.interrupted;
  }
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof Failure) {
    run.terminal.note(`tally: ${error.message}`);
    return error.exitCode;
  }
  if (error instanceof UnreadableFile) {
    run.terminal.note(`tally: ${error.message}`);
    return exitCodes.usage;
  }
  run.terminal.note(
    `tally: this is a bug\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  return exitCodes.failed;
};

try {
  await commandLine(run, (code) => {
    process.exitCode = code;
  }).parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
