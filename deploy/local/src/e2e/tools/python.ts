import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const installMaxMs = 300_000;

/** A Python with what a requirements.txt names; or why there is none here. */
export type PythonForTests =
  | { readonly kind: 'python'; readonly python: string }
  | { readonly kind: 'none'; readonly reason: string };

const cache = (): string =>
  path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'tallystick');

/** Makes an environment once, and keeps it. Where Python is, in CI it must work. */
export const pythonWith = async (requirements: string): Promise<PythonForTests> => {
  const there = await run('python3', ['-c', 'import venv, sys; print(sys.version)']).catch(
    () => undefined,
  );
  if (there === undefined) return { kind: 'none', reason: 'there is no Python 3 with venv' };
  const wanted = `${there.stdout}${await readFile(requirements, 'utf8')}`;
  const name = `python-${createHash('sha256').update(wanted).digest('hex').slice(0, 12)}`;
  const kept = path.join(cache(), name);
  const python = path.join(kept, 'bin/python');
  if (existsSync(python)) return { kind: 'python', python };
  await mkdir(cache(), { recursive: true });
  const work = await mkdtemp(path.join(cache(), 'python-'));
  try {
    await run('python3', ['-m', 'venv', work]);
    const pip = path.join(work, 'bin/python');
    await run(pip, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements], {
      timeout: installMaxMs,
    });
    // Its python is a link, and works from any place. Another run may have been first.
    await rename(work, kept).catch((error: unknown) => {
      if (!existsSync(python)) throw error;
    });
    return { kind: 'python', python };
  } catch (error) {
    if (process.env['CI'] !== undefined) throw error;
    return { kind: 'none', reason: `pip could not install ${requirements}` };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
};
