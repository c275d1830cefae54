import { fileURLToPath } from 'node:url';
import { refreshProjectGraph, run } from './run.mjs';

/** ESLint over everything, borders included, on an existing project graph. */
export const lint = () => run('eslint/bin/eslint.js', ['--max-warnings', '0', '.']);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const good = (await refreshProjectGraph()) && (await lint());
  process.exitCode = good ? 0 : 1;
}
