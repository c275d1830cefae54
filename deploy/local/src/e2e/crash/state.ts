import { serviceNames } from '@tallystick/contracts';
import { createPool } from '@tallystick/postgres';
import type { LocalSystem } from '../../index.js';
import type { Journal } from './journal.js';

const answersWithinMs = 5_000;

/** What the services, their last refusals and the database say when a run has come to a stand: for people. Never throws. */
export const stateOf = async (system: LocalSystem, journal: Journal): Promise<string> => {
  const services = await Promise.all(
    serviceNames.map(
      async (name) => `${name}: ${await healthOf(`${system.urls[name]}/health/${name}/ready`)}`,
    ),
  );
  return [
    `now ${Math.round(performance.now())}`,
    ...services,
    ...[...journal.refusals].map(([door, said]) => `${door} said last, begun at ${said}`),
    ...(await activityOf(system.postgres.url).catch((error: unknown) => [String(error)])),
  ].join('\n');
};

const healthOf = async (url: string): Promise<string> =>
  await fetch(url, { signal: AbortSignal.timeout(answersWithinMs) }).then(
    (response) => response.text(),
    (error: unknown) => String(error),
  );

const activityOf = async (url: string): Promise<readonly string[]> => {
  const db = createPool(url, { max: 1, applicationName: 'tallystick crash' });
  try {
    const { rows } = await db.query<{ line: string }>(
      `select concat_ws(' ', pid, application_name, state, wait_event_type, wait_event,
                        (now() - state_change)::text, left(query, 100)) as line
         from pg_stat_activity
        where backend_type = 'client backend' and pid <> pg_backend_pid() and state <> 'idle'`,
    );
    return rows.map(({ line }) => line);
  } finally {
    await db.end();
  }
};
