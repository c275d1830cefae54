import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the repository, ending in a separator. */
export const root = fileURLToPath(new URL('..', import.meta.url));

const killAfterMs = 10_000;

/**
 * Runs a program of a package on this very Node, with our terminal.
 *
 * @param {string} script below node_modules, such as `typescript/bin/tsc`
 * @param {readonly string[]} args
 * @param {{ nodeArgs?: readonly string[], timeoutMs?: number }} [options] a program that takes
 *   longer is stopped, which counts as a failure
 * @returns {Promise<boolean>} whether it ended with status 0
 */
export const run = (script, args, { nodeArgs = [], timeoutMs } = {}) =>
  new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      [...nodeArgs, path.join(root, 'node_modules', script), ...args],
      {
        cwd: root,
        stdio: ['ignore', 'inherit', 'inherit'],
        env: { ...process.env, NX_DAEMON: 'false' },
      },
    );
    const timers = [];
    if (timeoutMs !== undefined) {
      timers.push(
        setTimeout(() => {
          console.error(`${script} took longer than ${timeoutMs / 1000} s and is stopped.`);
          child.kill('SIGTERM');
          timers.push(setTimeout(() => child.kill('SIGKILL'), killAfterMs));
        }, timeoutMs),
      );
    }
    child.on('error', (error) => {
      console.error(error);
      resolve(false);
    });
    child.on('exit', (status) => {
      timers.forEach(clearTimeout);
      resolve(status === 0);
    });
  });

/**
 * The linter's border rule reads the project graph that Nx has made: on a fresh clone there is
 * none, and after a change an old one, and it then passes without a word. So it is made first.
 */
export const refreshProjectGraph = () => run('nx/dist/bin/nx.js', ['show', 'projects', '--json']);
