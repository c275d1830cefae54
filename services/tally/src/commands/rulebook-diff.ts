import { z } from 'zod';
import {
  readDocument,
  readPublished,
  rulebookDiff,
  type RulebookChange,
} from '@tallystick/programmes';
import { exitCodes, Failure, type ExitCode } from '../exit-codes.js';
import { readTyped, typedPath } from '../paths.js';
import { openSystem } from '../system/open-system.js';
import { failureOf } from '../system/problem.js';
import type { Run } from './run.js';

const versions = z.looseObject({
  versions: z.array(z.looseObject({ version: z.int(), status: z.string() })),
});
const version = z.looseObject({ rulebook: z.unknown() });

/** `tally rulebook diff`: in words, what changes from one version to another. */
export const diffRulebooks = async (
  run: Run,
  file: string,
  other: string | undefined,
  options: { readonly json?: boolean },
): Promise<ExitCode> => {
  const [before, after] =
    other === undefined
      ? [null, await read(run, file)]
      : [await read(run, file), await read(run, other)];
  const changes = rulebookDiff(before ?? (await newestOf(run, after.program)), after);
  run.terminal.out(
    options.json === true ? JSON.stringify({ changes }, null, 2) : changeWords(changes).join('\n'),
  );
  return exitCodes.ok;
};

/** The changes as a person reads them. */
export const changeWords = (changes: readonly RulebookChange[]): string[] =>
  changes.length === 0
    ? ['Nothing changes.']
    : changes.map(({ what, before, after }) => {
        if (before === null) return `${what}\n  new: ${after ?? ''}`;
        return `${what}\n  was: ${before}\n  ${after === null ? 'is gone' : `now: ${after}`}`;
      });

const read = async ({ env }: Run, file: string) => {
  const document = readDocument(await readTyped(typedPath(env, file)));
  if (document.ok) return document.value;
  const [fault] = document.error;
  throw new Failure(
    exitCodes.usage,
    `${file} has faults (${fault?.line ?? 1}:${fault?.column ?? 1} ${fault?.message ?? ''}): see tally rulebook check`,
  );
};

/** The newest version that is approved on the system. */
const newestOf = async ({ env, signal, terminal }: Run, program: string) => {
  const system = await openSystem({ env, signal, roles: ['auditor'], note: terminal.note });
  try {
    const path = `/v1/programs/${encodeURIComponent(program)}`;
    const ask = { service: 'accrual', method: 'GET' } as const;
    const listed = await system.client.call({ ...ask, path, answer: versions });
    if (!listed.ok) throw failureOf('the versions cannot be read', listed.error);
    const newest = listed.value.value.versions.findLast(({ status }) => status === 'approved');
    if (newest === undefined)
      throw new Failure(exitCodes.notFound, `no version of ${program} is approved yet`);
    const found = await system.client.call({
      ...{ ...ask, answer: version },
      path: `${path}/versions/${newest.version}`,
    });
    if (!found.ok) throw failureOf('the version cannot be read', found.error);
    return readPublished(found.value.value.rulebook);
  } finally {
    await system.close();
  }
};
