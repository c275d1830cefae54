import {
  existsSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const lookEveryMs = 250;
/** Another command is often done within the second in which it looks at what is built: not worth a line. */
const sayAfterMs = 2_000;

/**
 * One at a time, by a directory that holds a file per process that works, named by its id. It is made elsewhere with its file in it
 * and then renamed, which fails as long as another's holds a file. Who is gone holds nothing: its file is removed by who comes next.
 *
 * @param {string} folder the directory; its parent must be there
 * @param {(text: string) => void} say
 * @returns {Promise<{ alsoHeldBy: (pid: number) => void, release: () => void }>} `alsoHeldBy`: a child that goes on working if we
 *   are killed. Released too when this process ends by itself.
 */
export const takeLock = async (folder, say) => {
  const startedMs = Date.now();
  let said = 0;
  while (!taken(folder)) {
    const holder = holderOf(folder);
    if (holder === null) continue;
    if (Date.now() - startedMs > sayAfterMs && said !== holder) {
      said = holder;
      say(
        `Waiting for process ${holder}, which prepares this folder (if it is something else, delete ${path.basename(folder)}) ...`,
      );
    }
    await sleep(lookEveryMs);
  }
  const held = new Set([process.pid]);
  const release = () => {
    for (const pid of held) rmSync(path.join(folder, String(pid)), { force: true });
    if (held.size > 0) removeEmpty(folder);
    held.clear();
  };
  process.on('exit', release);
  return {
    alsoHeldBy: (pid) => {
      held.add(pid);
      writeFileSync(path.join(folder, String(pid)), '');
    },
    release,
  };
};

const taken = (folder) => {
  // POSIX renames over an empty directory; elsewhere it has to be gone.
  removeEmpty(folder);
  const mine = mkdtempSync(`${folder}.`);
  writeFileSync(path.join(mine, String(process.pid)), '');
  try {
    renameSync(mine, folder);
    return true;
  } catch (error) {
    rmSync(mine, { recursive: true, force: true });
    if (existsSync(folder) || ['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(error.code)) return false;
    throw error;
  }
};

const removeEmpty = (folder) => {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST', 'EPERM', 'EBUSY'].includes(error.code)) throw error;
  }
};

/** A process that works there; null: none any more, and nothing is left of those that did. */
const holderOf = (folder) => {
  let names;
  try {
    names = readdirSync(folder);
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
  const living = names.map(Number).find(isAlive);
  if (living !== undefined) return living;
  for (const name of names) rmSync(path.join(folder, name), { force: true });
  return null;
};

const isAlive = (pid) => {
  try {
    return Number.isSafeInteger(pid) && pid > 0 && process.kill(pid, 0);
  } catch (error) {
    // It lives, and is somebody else's.
    return error.code === 'EPERM';
  }
};
