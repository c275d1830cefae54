import { argv, stdout } from 'node:process';
import { CannotStart } from './errors.js';
import { startEmbeddedPostgres } from './start.js';

/**
 * A process that starts PostgreSQL and keeps it until SIGTERM; for tests that kill it, or run it as another user.
 * Argument: the data folder. Prints `log <text>`, then `started <url> <pid>` or `refused <error> <message>`.
 */
const [, , dataDir = ''] = argv;
const say = (text: string): void => {
  stdout.write(`${text.replaceAll('\n', ' ')}\n`);
};

try {
  const postgres = await startEmbeddedPostgres({
    dataDir,
    log: (message) => say(`log ${message}`),
  });
  say(`started ${postgres.url} ${postgres.pid}`);
  const keep = setInterval(() => undefined, 1_000);
  process.once('SIGTERM', () => {
    clearInterval(keep);
    void postgres.stop();
  });
} catch (error) {
  if (!(error instanceof CannotStart)) throw error;
  say(`refused ${error.name} ${error.message}`);
  process.exitCode = 1;
}
