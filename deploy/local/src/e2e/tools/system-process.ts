import { readFile } from 'node:fs/promises';
import type { ServiceName } from '@tallystick/contracts';
import { localIssuer, type TokenClaims } from '@tallystick/service-host';
import { dataFolder } from '../../data/folder.js';
import { keysOf } from '../../data/keys.js';
import { runningPostgres } from '../../data/running-postgres.js';
import { perService } from '../../system/services.js';
import type { Reachable } from './client.js';
import { eventually } from './eventually.js';
import { localProgram, startProgram, type Program } from './programs.js';

/** A system as `npm start -- --serve` runs it, in a process that can be killed and started again on the same data. */
export interface SystemProcess extends Reachable {
  readonly dataDir: string;
  readonly url: string;
  readonly pid: number;
  /** As PostgreSQL's superuser. Another one after a restart. */
  databaseUrl(): Promise<string>;
  postgresPid(): Promise<number>;
  /** As a power cut of the system's process would. PostgreSQL goes on, and is nobody's. */
  kill(): Promise<void>;
  /** Starts again on the same data and port; resolves when it answers. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const startsWithinMs = 120_000;
const stopsWithinMs = 60_000;

export const startSystemProcess = async (dataDir: string): Promise<SystemProcess> => {
  const folder = dataFolder(dataDir);
  let program = serve(dataDir, '0');
  let url = await answering(program, folder.running);
  const issuer = async () => {
    const keys = await keysOf(folder);
    return await localIssuer(keys.signingKey, keys);
  };
  return {
    dataDir,
    get url() {
      return url;
    },
    get urls(): Readonly<Record<ServiceName, string>> {
      return perService(() => url);
    },
    get pid() {
      return program.pid;
    },
    tokenFor: async (claims: TokenClaims) => await (await issuer()).token(claims),
    databaseUrl: async () => (await runningPostgres(folder.postgres)).url,
    postgresPid: async () => (await runningPostgres(folder.postgres)).pid,
    kill: async () => {
      program.kill('SIGKILL');
      await program.ended;
    },
    restart: async () => {
      program = serve(dataDir, new URL(url).port);
      url = await answering(program, folder.running);
    },
    stop: async () => {
      const deadline = setTimeout(() => program.kill('SIGKILL'), stopsWithinMs);
      program.kill('SIGTERM');
      await program.ended;
      clearTimeout(deadline);
    },
  };
};

const serve = (dataDir: string, port: string): Program =>
  startProgram(localProgram, ['--serve', '--port', port, '--data', dataDir], {
    TALLYSTICK_LOG_LEVEL: 'warn',
  });

const answering = async (program: Program, running: string): Promise<string> =>
  await eventually(
    'the system answers',
    async () => {
      if (!program.running()) throw new Error(`the system ended:\n${program.stderr()}`);
      const text = await readFile(running, 'utf8').catch(() => '{}');
      const { pid, url } = JSON.parse(text) as { pid?: number; url?: string };
      if (pid !== program.pid || url === undefined) return undefined;
      const answer = await fetch(new URL('/health', url)).catch(() => undefined);
      return answer?.ok === true ? url : undefined;
    },
    { withinMs: startsWithinMs },
  );
