import path from 'node:path';
import { at, clientOf, everywhere, expected, publishVersion, textAt } from '../tools/client.js';
import type { Program } from '../tools/programs.js';
import type { SystemProcess } from '../tools/system-process.js';
import { startTally } from '../tools/tally.js';
import type { Programme } from './programmes.js';
import { retailFile } from './retail-file.js';
import type { Counts } from './second-computation.js';

/** Publishes a programme, and waits until all services know it. */
export const publish = async (system: SystemProcess, { document }: Programme): Promise<void> => {
  const manager = await clientOf(system, { sub: 'head-office', roles: ['manager'], ...everywhere });
  const published = await publishVersion(system, document);
  const position = textAt(expected(published, 201).body, 'position');
  const lookup = { body: { program: 'none', card: 'none' }, after: position };
  expected(await manager('enrollment', '/v1/cards/lookup', lookup), 404);
};

/** `tally import` of the whole file, new cards enrolled. */
export const startImport = (
  system: SystemProcess,
  { id }: Programme,
  ...more: readonly string[]
): Program => {
  const rejects = path.join(system.dataDir, 'rejects.csv');
  const mapping = ['--mapping', 'online-retail', '--program', id, '--rejects', rejects];
  return startTally(system, ['import', retailFile, ...mapping, '--enroll', ...more]);
};

/** What an import printed when it had ended well. */
export const outputOf = async (program: Program): Promise<string> => {
  const ended = await program.ended;
  if (ended !== 0) throw new Error(`the import ended with ${ended}:\n${program.stderr()}`);
  return program.stdout();
};

/** Counts by outcome and reason, as `--json` tells them, in the form of the second computation. */
export const countsOf = (byOutcome: unknown): Counts => {
  const counts: Counts = {};
  for (const [outcome, told] of Object.entries(byOutcome as Record<string, unknown>)) {
    const reasons = { ...(at(told, 'reasons') as Record<string, number>) };
    const given = Object.values(reasons).reduce((sum, times) => sum + times, 0);
    const rest = Number(at(told, 'total')) - given;
    counts[outcome] = rest === 0 ? reasons : { ...reasons, '': rest };
  }
  return counts;
};
