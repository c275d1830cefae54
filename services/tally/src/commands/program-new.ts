import { writeFile } from 'node:fs/promises';
import { templateNames, templateText } from '@tallystick/programmes';
import { exitCodes, Failure, type ExitCode } from '../exit-codes.js';
import { typedPath } from '../paths.js';
import { messageOf } from '../thrown.js';
import type { Run } from './run.js';

export interface NewProgramOptions {
  readonly template?: string;
  readonly out?: string;
}

/** `tally program new`: a rulebook to begin with. Nothing is sent anywhere, and no file is written over. */
export const newProgram = async (
  { env, terminal }: Run,
  id: string | undefined,
  { template, out }: NewProgramOptions,
): Promise<ExitCode> => {
  if (template === undefined && id === undefined) {
    for (const name of templateNames())
      terminal.out(`${name.padEnd(24)}${firstComment(templateText(name) ?? '')}`);
    return exitCodes.ok;
  }
  if (template === undefined || id === undefined)
    throw new Failure(exitCodes.usage, 'name the programme and its --template');
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(id))
    throw new Failure(
      exitCodes.usage,
      'a programme is named by lower-case letters, digits and dashes',
    );
  const text = templateText(template);
  if (text === null)
    throw new Failure(
      exitCodes.usage,
      `there is no template ${template}; there are ${templateNames().join(', ')}`,
    );
  const path = typedPath(env, out ?? `${id}.yaml`);
  try {
    await writeFile(path, text.replace(/^program: .*$/m, `program: ${id}`), { flag: 'wx' });
  } catch (error) {
    throw new Failure(exitCodes.usage, `cannot write ${path}: ${messageOf(error)}`);
  }
  terminal.out(`${path}: change it, then tally rulebook check, then tally program propose`);
  return exitCodes.ok;
};

const firstComment = (text: string): string => text.split('\n')[0]?.replace(/^# ?/, '') ?? '';
