import { z } from 'zod';
import {
  cannotFollow,
  placedIn,
  readPublished,
  rulebookDiff,
  type RulebookChange,
} from '@tallystick/programmes';
import { exitCodes, Failure, type ExitCode } from '../exit-codes.js';
import { openSystem } from '../system/open-system.js';
import { failureOf } from '../system/problem.js';
import { readRulebook, readWithText } from './read-rulebook.js';
import { shown } from './rulebook-check.js';
import type { Run } from './run.js';

const versions = z.looseObject({
  versions: z.array(z.looseObject({ version: z.int(), status: z.string() })),
});
const version = z.looseObject({ rulebook: z.unknown() });

/** `tally rulebook diff`: in words, what changes from one version to another, and what of it keeps the other from following. */
export const diffRulebooks = async (
  run: Run,
  file: string,
  other: string | undefined,
  options: { readonly json?: boolean },
): Promise<ExitCode> => {
  const next = other ?? file;
  const { book: after, text } = await readWithText(run, next);
  const before =
    other === undefined ? await newestOf(run, after.program) : await readRulebook(run, file);
  const changes = rulebookDiff(before, after);
  const faults = placedIn(text, cannotFollow(after, [before]));
  run.terminal.out(
    options.json === true
      ? JSON.stringify({ changes, faults }, null, 2)
      : [...changeWords(changes), ...faults.map((fault) => shown(next, fault))].join('\n'),
  );
  return exitCodes.ok;
};

/** The changes as a person reads them, each with whom it is good or bad for. */
export const changeWords = (changes: readonly RulebookChange[]): string[] =>
  changes.length === 0
    ? ['Nothing changes.']
    : changes.map(({ what, before, after, for: effects }) =>
        [
          what,
          ...(before === null ? [] : [`  was: ${before}`]),
          after === null ? '  is gone' : `  ${before === null ? 'new' : 'now'}: ${after}`,
          ...effects.map(
            ({ who, gets, how }) =>
              `  ${marks[gets]} ${who} ${gets === 'otherwise' ? 'are treated otherwise' : `get ${gets}`}: ${how}`,
          ),
        ].join('\n'),
      );

const marks = { more: '+', less: '-', otherwise: '~' } as const;

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
