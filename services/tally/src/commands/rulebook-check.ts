import { systemClock } from '@tallystick/kernel';
import {
  cannotFollow,
  checkDocument,
  mayNotFollow,
  placedIn,
  type DocumentFault,
} from '@tallystick/programmes';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { readTyped, typedPath } from '../paths.js';
import { readRulebook } from './read-rulebook.js';
import type { Run } from './run.js';

export interface CheckOptions {
  /** The file of a version before it. */
  readonly after?: string;
  readonly json?: boolean;
}

/** `tally rulebook check`: every fault with its place, as publishing would tell them, and what can hardly be meant. */
export const checkRulebook = async (
  run: Run,
  file: string,
  options: CheckOptions,
): Promise<ExitCode> => {
  const { env, terminal } = run;
  const text = await readTyped(typedPath(env, file));
  const checked = checkDocument(text);
  const before = options.after === undefined ? [] : [await readRulebook(run, options.after)];
  const faults = checked.ok
    ? placedIn(text, cannotFollow(checked.value.book, before))
    : checked.error;
  const ok = checked.ok && faults.length === 0;
  const doubts = checked.ok
    ? [
        ...checked.value.doubts,
        ...placedIn(text, mayNotFollow(checked.value.book, before, systemClock())),
      ]
    : [];
  if (options.json === true) terminal.out(JSON.stringify({ ok, faults, doubts }, null, 2));
  else {
    for (const fault of faults) terminal.out(shown(file, fault));
    for (const doubt of doubts) terminal.out(`${shown(file, doubt)} (a warning)`);
    terminal.out(ok ? summary(checked.value.book) : `${counted(faults.length)} to mend`);
  }
  return ok ? exitCodes.ok : exitCodes.usage;
};

/** `programme.yaml:12:5 earning.0.per: must be above zero` */
export const shown = (file: string, { line, column, field, message }: DocumentFault): string =>
  `${file}:${line}:${column} ${field === '' ? '' : `${field}: `}${message}`;

const counted = (faults: number): string => (faults === 1 ? 'one fault' : `${faults} faults`);

const summary = ({
  program,
  version,
  effectiveFrom,
}: {
  readonly program: string;
  readonly version: number;
  readonly effectiveFrom: string;
}): string => `programme ${program}, version ${version}, from ${effectiveFrom}: no fault`;
