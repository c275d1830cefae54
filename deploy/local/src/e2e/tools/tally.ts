import { startProgram, tallyProgram, type Program } from './programs.js';
import type { SystemProcess } from './system-process.js';

/** Starts a command of tally against the system on a data folder. */
export const startTally = (system: SystemProcess, args: readonly string[]): Program =>
  startProgram(tallyProgram, args, { TALLYSTICK_DATA: system.dataDir });

/** Runs a command to its end. Throws when its exit code is not the one that is wanted. */
export const tally = async (
  system: SystemProcess,
  args: readonly string[],
  exitCode = 0,
): Promise<unknown> => {
  const program = startTally(system, [...args, '--json']);
  const ended = await program.ended;
  if (ended !== exitCode)
    throw new Error(
      `tally ${args[0] ?? ''} ended with ${ended}:\n${program.stderr()}\n${program.stdout()}`,
    );
  const answer: unknown = JSON.parse(program.stdout());
  return answer;
};
