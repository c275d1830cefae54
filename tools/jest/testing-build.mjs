import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import path from 'node:path';

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Jest loads its global setup outside its own module system, where TypeScript sources of several
 * workspaces do not resolve: so it is taken from the build of libs/testing, brought up to date here.
 *
 * @param {string} name a file of libs/testing without its ending
 * @param {{ build: boolean }} options whether to bring the build up to date first
 * @returns {Promise<(...configs: unknown[]) => Promise<void>>} the default export
 */
export const fromTestingBuild = async (name, { build }) => {
  const file = path.join(root, 'libs/testing/dist', `${name}.js`);
  if (build) {
    const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
    const built = spawnSync(process.execPath, [tsc, '-b', path.join(root, 'libs/testing')], {
      encoding: 'utf8',
    });
    if (built.status !== 0) {
      process.stderr.write(`libs/testing does not build:\n${built.stdout}${built.stderr}\n`);
    }
  }
  if (!existsSync(file)) {
    throw new Error(
      `${path.relative(root, file)} is missing: run \`npm run build\` and look at its errors`,
    );
  }
  const module = await import(pathToFileURL(file).href);
  return module.default;
};
