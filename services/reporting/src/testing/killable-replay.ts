import { createPostgresEventStore } from '@tallystick/event-store';
import { instant } from '@tallystick/kernel';
import { createPool } from '@tallystick/postgres';
import { tryLock } from '../replay/replay-lock.js';
import { insertReplay } from '../replay/replay-rows.js';
import { runReplay } from '../replay/run-replay.js';

/**
 * `killable-replay.ts <database> <replay>`: a rebuild in a process of its own, begun as the service begins it.
 * Prints how many events it has folded, batch by batch, for the test to choose when to kill it.
 */
const [database = '', replay = ''] = process.argv.slice(2);
const db = createPool(database, { searchPath: 'reporting' });
const connection = await db.connect();
if (!(await tryLock(connection))) throw new Error('a replay is running');
await insertReplay(connection, {
  replay,
  rebuild: true,
  requestedBy: 'service:test',
  at: instant(new Date().toISOString()),
});
let events = 0;
await runReplay(
  {
    connection,
    store: createPostgresEventStore({ db: database }),
    signal: new AbortController().signal,
    caughtUp: () => Promise.resolve(true),
    folded: (more) => {
      events += more;
      process.stdout.write(`${events}\n`);
    },
  },
  { rebuild: true },
);
