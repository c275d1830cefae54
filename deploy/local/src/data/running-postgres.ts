import { readFile, realpath } from 'node:fs/promises';
import path from 'node:path';

/** The PostgreSQL that runs on a data folder, for who is not the process that started it. */
export interface RunningPostgres {
  readonly pid: number;
  /** As the superuser. */
  readonly url: string;
}

/** What PostgreSQL writes into its pid file: the process first, the port in line 4. Source: PostgreSQL 18, `pidfile.h`. */
export const runningPostgres = async (postgres: string): Promise<RunningPostgres> => {
  const place = await realpath(path.join(postgres, 'elsewhere')).catch(() => postgres);
  const inCluster = async (name: string): Promise<string> =>
    await readFile(path.join(place, 'cluster', name), 'utf8');
  const [pid = '', , , port = ''] = (await inCluster('postmaster.pid')).split('\n');
  const password = (await inCluster('tallystick.password')).trim();
  return {
    pid: Number(pid),
    url: `postgres://tallystick_admin:${password}@127.0.0.1:${port.trim()}/postgres`,
  };
};
