import { readDocument } from '@tallystick/programmes';
import { exitCodes, Failure } from '../exit-codes.js';
import { readTyped, typedPath } from '../paths.js';
import type { Run } from './run.js';

/** The rulebook of a file. Throws a `Failure` with the first fault of one that has any. */
export const readRulebook = async (run: Pick<Run, 'env'>, file: string) =>
  (await readWithText(run, file)).book;

/** The same with its text. */
export const readWithText = async ({ env }: Pick<Run, 'env'>, file: string) => {
  const text = await readTyped(typedPath(env, file));
  const document = readDocument(text);
  if (document.ok) return { book: document.value, text };
  const [fault] = document.error;
  throw new Failure(
    exitCodes.usage,
    `${file} has faults (${fault?.line ?? 1}:${fault?.column ?? 1} ${fault?.message ?? ''}): see tally rulebook check`,
  );
};
