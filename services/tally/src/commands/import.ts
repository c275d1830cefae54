import { basename } from 'node:path';
import { z } from 'zod';
import { exitCodes, Failure, type ExitCode } from '../exit-codes.js';
import { rejectsFile } from '../import/rejects-file.js';
import { quietProgress, showProgress, type Progress } from '../import/progress.js';
import { runImport } from '../import/run-import.js';
import { addsUp, showSummary, summaryJson, type SummaryOf } from '../import/summary.js';
import { parseMapping, showMappingProblem } from '../mapping/load-mapping.js';
import type { Mapping } from '../mapping/mapping.js';
import { mappingPath, readTyped, typedPath } from '../paths.js';
import { openSource } from '../reading/source.js';
import type { Client } from '../system/client.js';
import { openSystem } from '../system/open-system.js';
import { failureOf } from '../system/problem.js';
import type { Run } from './run.js';

export interface ImportOptions {
  readonly mapping: string;
  readonly program: string;
  readonly enroll?: boolean;
  readonly rejects?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `tally import`: reads a sales file into receipts, and sends them. */
export const importFile = async (
  run: Run,
  file: string,
  options: ImportOptions,
): Promise<ExitCode> => {
  const { enroll = false, dryRun = false, json = false } = options;
  const startedMs = performance.now();
  const mapping = await loadMapping(mappingPath(run.env, options.mapping));
  const name = file === '-' ? 'standard input' : basename(file);
  const rejects = rejectsFile(
    typedPath(run.env, options.rejects ?? `${file === '-' ? 'stdin' : name}.rejects.csv`),
  );
  const source = await openSource(typedPath(run.env, file));
  let progress: Progress = quietProgress(run.terminal.note);
  const system = dryRun
    ? null
    : await openSystem({
        env: run.env,
        roles: enroll ? ['store', 'manager'] : ['store'],
        signal: run.signal,
        note: (message) => progress.note(message),
      });
  try {
    if (system !== null) await checkProgram(system.client, options.program);
    if (!json) progress = showProgress(run.terminal.stderr, source.size);
    const imported = await runImport({
      source,
      mapping,
      program: options.program,
      client: system?.client ?? null,
      enrol: enroll,
      rejects,
      progress,
      signal: run.signal,
      now: Date.now,
    });
    await rejects.close();
    progress.stop();
    const summary: SummaryOf = {
      ...imported,
      file: name,
      mapping: mapping.name,
      program: options.program,
      dryRun,
      rejectsFile: rejects.count() > 0 ? rejects.path : null,
      seconds: (performance.now() - startedMs) / 1_000,
      peakMemoryMiB: Math.ceil(process.resourceUsage().maxRSS / 1_024),
    };
    run.terminal.out(json ? JSON.stringify(summaryJson(summary), null, 2) : showSummary(summary));
    if (!addsUp(imported)) return exitCodes.failed;
    return rejects.count() > 0 ? exitCodes.someRejected : exitCodes.ok;
  } catch (error) {
    progress.stop();
    throw withAdvice(error);
  } finally {
    await system?.close();
  }
};

/** Says at once, before anything is sent, that there is no such programme. */
const checkProgram = async (client: Client, program: string): Promise<void> => {
  const answer = await client.call({
    service: 'accrual',
    method: 'GET',
    path: `/v1/programs/${encodeURIComponent(program)}`,
    answer: z.looseObject({}),
  });
  if (!answer.ok) throw failureOf('nothing can be imported', answer.error);
};

const loadMapping = async (path: string): Promise<Mapping> => {
  const parsed = parseMapping(await readTyped(path));
  if (parsed.ok) return parsed.value;
  throw new Failure(
    exitCodes.usage,
    parsed.error.map((problem) => showMappingProblem(path, problem)).join('\n'),
  );
};

/** What a person can do about what stopped an import. */
const withAdvice = (error: unknown): unknown => {
  if (error instanceof Failure && error.exitCode === exitCodes.unreachable)
    return new Failure(
      error.exitCode,
      `${error.message}\nWhat was sent is kept: running the same command again goes on where this one stopped.`,
    );
  if (error instanceof Failure && error.exitCode === exitCodes.notFound)
    return new Failure(
      error.exitCode,
      `${error.message}\nThe commands are: tally program propose <rulebook.yaml>, and tally program approve of somebody else`,
    );
  return error;
};
