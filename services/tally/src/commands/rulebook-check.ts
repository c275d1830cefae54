import { checkDocument, type DocumentFault } from '@tallystick/programmes';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { readTyped, typedPath } from '../paths.js';
import type { Run } from './run.js';

/** `tally rulebook check`: every fault with its place, as publishing would tell them, and what can hardly be meant. */
export const checkRulebook = async (
  { env, terminal }: Run,
  file: string,
  options: { readonly json?: boolean },
): Promise<ExitCode> => {
  const checked = checkDocument(await readTyped(typedPath(env, file)));
  const faults = checked.ok ? [] : checked.error;
  const doubts = checked.ok ? checked.value.doubts : [];
  if (options.json === true)
    terminal.out(JSON.stringify({ ok: checked.ok, faults, doubts }, null, 2));
  else {
    for (const fault of faults) terminal.out(shown(file, fault));
    for (const doubt of doubts) terminal.out(`${shown(file, doubt)} (a warning)`);
    terminal.out(checked.ok ? summary(checked.value.book) : `${counted(faults.length)} to mend`);
  }
  return checked.ok ? exitCodes.ok : exitCodes.usage;
};

/** `programme.yaml:12:5 earning.0.per: must be above zero` */
const shown = (file: string, { line, column, field, message }: DocumentFault): string =>
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
