import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { serviceNames } from '@tallystick/contracts';
import { dataFolder } from './data/folder.js';
import { lastRunning } from './data/running.js';
import { makeDataFolder, removeDataFolder } from './e2e/tools/data-folders.js';
import { eventually } from './e2e/tools/eventually.js';
import { startLocalSystem, type LocalSystem } from './index.js';
import { localProgram, psqlProgram, startProgram, type Program } from './e2e/tools/programs.js';

jest.setTimeout(120_000);

let dataDir: string;
const started: Program[] = [];

beforeEach(async () => {
  dataDir = await makeDataFolder();
});
afterEach(async () => {
  for (const program of started.splice(0)) {
    program.kill('SIGKILL');
    await program.ended;
  }
  await chmod(dataDir, 0o755);
  await removeDataFolder(dataDir);
});

const start = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Program => {
  const program = startProgram(localProgram, args, env);
  started.push(program);
  return program;
};

/** As where no psql is installed: on its path there is nothing. */
const psql = async (...args: readonly string[]) => {
  const program = startProgram(psqlProgram, ['--data', dataDir, ...args], { PATH: dataDir });
  const status = await program.ended;
  return { status, said: program.stdout() + program.stderr() };
};

const says = async (program: Program, pattern: RegExp): Promise<void> => {
  const said = (): string => program.stdout() + program.stderr();
  await eventually(
    `saying ${String(pattern)}`,
    async () => {
      if (pattern.test(said())) return true;
      if (!program.running()) throw new Error(`it ended, having said:\n${said()}`);
      return undefined;
    },
    { withinMs: 100_000 },
  );
};

/** A system that serves on the test's data folder. */
const serving = async (...args: readonly string[]): Promise<Program & { readonly url: string }> => {
  const program = start(['--serve', '--data', dataDir, '--port', '0', ...args], {
    TALLYSTICK_LOG_LEVEL: 'warn',
  });
  await says(program, /Tallystick serves at/);
  const running = await lastRunning(dataFolder(dataDir));
  if (running?.pid !== program.pid) throw new Error('a system that serves says so in its folder');
  return { ...program, url: running.url };
};

/** Every process that has the data folder on its command line: PostgreSQL, for one. */
const processesOfData = (): string[] =>
  spawnSync('ps', ['-axo', 'pid=,command='], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter((line) => line.includes(dataDir) && !line.includes('main.js'));
const postmaster = async (): Promise<number> =>
  Number.parseInt(
    await readFile(path.join(dataDir, 'postgres/cluster/postmaster.pid'), 'utf8'),
    10,
  );
const statusOf = async (url: string): Promise<number> =>
  await fetch(url).then(
    async (response) => {
      await response.body?.cancel();
      return response.status;
    },
    () => 0,
  );
const becomesReady = async (url: string): Promise<void> => {
  await eventually(`${url} is ready`, async () => (await statusOf(url)) === 200 || undefined);
};

/** The first of so many ports in a row that nobody has, below those that systems give away by themselves. */
const freePorts = async (count: number): Promise<number> => {
  for (;;) {
    const first = 15_000 + Math.floor(Math.random() * 15_000);
    const servers = Array.from({ length: count }, (_, nth) =>
      createServer().listen(first + nth, '127.0.0.1'),
    );
    const listening = servers.map(async (server) => {
      await once(server, 'listening');
    });
    const free = (await Promise.allSettled(listening)).every(
      ({ status }) => status === 'fulfilled',
    );
    for (const server of servers) server.close();
    if (free) return first;
  }
};

/** Modes do not bind root, who therefore starts as somebody else; or, where that one cannot read the project, in a place where nobody can write. */
const notWritable = (): { folder: string; runAs?: { uid: number; gid: number } } => {
  if (process.getuid?.() !== 0) return { folder: dataDir };
  const runAs = { uid: 65_534, gid: 65_534 };
  const look = `require('node:fs').accessSync(${JSON.stringify(localProgram)})`;
  const { status } = spawnSync(process.execPath, ['-e', look], { ...runAs, cwd: '/' });
  return status === 0 ? { folder: dataDir, runAs } : { folder: '/proc/tallystick' };
};

describe('a start', () => {
  it('serves five services behind one address, and stops cleanly', async () => {
    const system = await serving();
    for (const service of serviceNames) {
      await becomesReady(`${system.url}/health/${service}/ready`);
      expect(await statusOf(`${system.url}/docs/${service}`)).toBe(200);
      expect(await statusOf(`${system.url}/openapi/${service}.json`)).toBe(200);
    }
    expect(await (await fetch(`${system.url}/`)).text()).toContain('/docs/accrual');
    expect(await statusOf(`${system.url}/v1/nothing`)).toBe(404);
    expect(await statusOf(`${system.url}/v1/programs/any`)).toBe(401);
    expect(system.stdout()).toBe('');
    const asked = await psql('-c', 'select name, note from eventstore.migrations');
    expect(asked).toMatchObject({ status: 0, said: expect.stringContaining('0001-events') });
    expect(await psql('-c', 'select rubbish')).toMatchObject({ status: 1 });

    system.kill('SIGTERM');
    expect(await system.ended).toBe(0);
    const late = await psql('-c', 'select 1');
    expect(late).toMatchObject({ status: 2, said: expect.stringContaining('no system runs on') });
    expect(await lastRunning(dataFolder(dataDir))).toBeUndefined();
    expect(processesOfData()).toEqual([]);
  });

  it('on data that are in use names who has them', async () => {
    const system = await serving();
    const { port } = new URL(system.url);
    for (const other of ['0', port]) {
      const second = start(['--serve', '--data', dataDir, '--port', other]);
      expect(await second.ended).toBe(2);
      expect(second.stderr()).toContain(`running on ${dataDir} already (process ${system.pid})`);
      expect(second.stderr()).toContain(system.url);
    }
    expect(await statusOf(`${system.url}/health`)).toBe(200);
  });

  it('on a port that is taken names the port, and how to choose another', async () => {
    const holder: Server = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const program = start(['--serve', '--data', dataDir], { TALLYSTICK_PORT: String(port) });
    const status = await program.ended;
    holder.close();
    expect(status).toBe(2);
    expect(program.stderr()).toContain(`port ${port} on 127.0.0.1 is taken by another program`);
    expect(program.stderr()).toMatch(/--port \d+/);
    expect(processesOfData()).toEqual([]);
  });

  it('on a folder that it may not write says so', async () => {
    await chmod(dataDir, 0o555);
    const { folder, runAs } = notWritable();
    const { status, stderr } = spawnSync(
      process.execPath,
      [localProgram, '--serve', '--port', '0', '--data', folder],
      { ...runAs, cwd: '/', encoding: 'utf8', env: {} },
    );
    expect(status).toBe(2);
    expect(stderr).toContain(`the data folder ${folder} cannot be used`);
    expect(stderr).toContain('--data <folder>');
  });

  it.each([
    [['--port', 'seven'], /a port is a number from 0 to 65535/],
    [['--once', '--serve'], /--once and --serve exclude each other/],
    [['--twice'], /unknown option '--twice'/],
  ])('with arguments that make no sense says so: %j', async (args, message) => {
    const program = start(args);
    expect(await program.ended).toBe(2);
    expect(program.stderr()).toMatch(message);
  });

  it('after a SIGKILL goes on with the data, and leaves one PostgreSQL', async () => {
    const first = await serving();
    const keys = await readFile(dataFolder(dataDir).keys, 'utf8');
    const orphan = await postmaster();
    first.kill('SIGKILL');
    await first.ended;
    expect(processesOfData()).toHaveLength(1);

    const second = await serving();
    await becomesReady(`${second.url}/health/reporting/ready`);
    expect(await readFile(dataFolder(dataDir).keys, 'utf8')).toBe(keys);
    expect(await postmaster()).not.toBe(orphan);
    expect(processesOfData()).toHaveLength(1);
    second.kill('SIGINT');
    expect(await second.ended).toBe(0);
    expect(processesOfData()).toEqual([]);
  });

  it('that loses its PostgreSQL starts it again, and serves on', async () => {
    const system = await serving();
    const before = await postmaster();
    process.kill(before, 'SIGKILL');
    await says(system, /PostgreSQL runs again/);
    await becomesReady(`${system.url}/health/accrual/ready`);
    expect(await postmaster()).not.toBe(before);
    system.kill('SIGTERM');
    expect(await system.ended).toBe(0);
    expect(processesOfData()).toEqual([]);
  });

  it('that is interrupted before it is ready leaves nothing behind', async () => {
    const program = start(['--once', '--data', dataDir, '--port', '0']);
    await says(program, /Starting PostgreSQL/);
    program.kill('SIGINT');
    expect(await program.ended).toBe(130);
    expect(processesOfData()).toEqual([]);
    expect(await lastRunning(dataFolder(dataDir))).toBeUndefined();
  });
});

describe('five processes', () => {
  it('serve behind one address, come back when one dies, and go with the process that started them', async () => {
    const system = await serving('--processes');
    for (const service of serviceNames) {
      await becomesReady(`${system.url}/health/${service}/ready`);
    }
    const services = servicePids(system.pid);
    expect(services).toHaveLength(5);
    const accrual = services.find(({ command }) => command.includes('/accrual/'));
    process.kill(accrual?.pid ?? 0, 'SIGKILL');
    await says(system, /accrual ended \(SIGKILL\): starting it again/);
    await becomesReady(`${system.url}/health/accrual/ready`);

    const now = servicePids(system.pid);
    expect(now).toHaveLength(5);
    system.kill('SIGKILL');
    await system.ended;
    await eventually(
      'the services have gone',
      async () => now.every(({ pid }) => !isRunning(pid)) || undefined,
    );
  });
});

describe('two systems of five processes beside each other', () => {
  it('listen on the five ports after --port; where one is taken, the second says which, and ends', async () => {
    const port = (await freePorts(20)) + 5;
    const first = await serving('--processes', '--port', String(port));
    expect(first.url).toBe(`http://127.0.0.1:${port}`);
    for (const [nth, service] of serviceNames.entries())
      await becomesReady(`http://127.0.0.1:${port + 1 + nth}/health/${service}/ready`);

    const otherDir = await makeDataFolder();
    try {
      const second = (at: number): Program =>
        start(['--serve', '--processes', '--data', otherDir, '--port', String(at)]);
      // The front door of the first is the port that the last service of the second wants.
      const clash = second(port - 5);
      expect(await clash.ended).toBe(2);
      expect(clash.stderr()).toContain(
        `port ${port} on 127.0.0.1, which reporting needs, is taken`,
      );
      expect(clash.stderr()).toContain(`npm start -- --processes --port ${port + 5}`);
      expect(clash.stderr().trim().split('\n')).toHaveLength(1);

      const beside = second(port + 6);
      await says(beside, /Tallystick serves at/);
      for (const at of [port, port + 6])
        await becomesReady(`http://127.0.0.1:${at}/health/accrual/ready`);
      expect(beside.stderr()).not.toMatch(/^\s+at /m);
      beside.kill('SIGTERM');
      expect(await beside.ended).toBe(0);
    } finally {
      await removeDataFolder(otherDir);
    }
    first.kill('SIGTERM');
    expect(await first.ended).toBe(0);
  });

  it('need five ports that there are', async () => {
    const program = start(['--serve', '--processes', '--data', dataDir, '--port', '65531']);
    expect(await program.ended).toBe(2);
    expect(program.stderr()).toContain('choose one of at most 65530');
  });
});

describe('a system within another program', () => {
  it.each([1, 5] as const)('in %i, is killed and goes on with its data', async (processes) => {
    const claims = { sub: 'test', roles: ['auditor' as const], programs: ['*'] };
    const readsNothing = async (system: LocalSystem): Promise<number> => {
      const authorization = `Bearer ${await system.tokenFor(claims)}`;
      const path = new URL('/v1/reports/none/summary', system.urls.reporting);
      return (await fetch(path, { headers: { authorization } })).status;
    };
    // What the services say of a PostgreSQL that is killed under them is not for the eyes of who runs the tests.
    const options = { dataDir, port: 0, processes, logLevel: 'fatal' };
    const first = await startLocalSystem(options);
    expect(await readsNothing(first)).toBe(404);
    expect(Object.keys(first.pids())).toHaveLength(processes === 1 ? 0 : 5);
    await first.kill();
    expect(isRunning(first.postgres.pid)).toBe(false);

    const second = await startLocalSystem(options);
    expect(second.instance).not.toBe(first.instance);
    expect(await readsNothing(second)).toBe(404);
    await second.stop();
    await second.stop();
    expect(processesOfData()).toEqual([]);
  });

  it('gives a start up when it is told to', async () => {
    const told = new AbortController();
    const starting = startLocalSystem({ dataDir, port: 0, signal: told.signal });
    told.abort(new Error('not wanted any more'));
    await expect(starting).rejects.toThrow('not wanted any more');
    expect(processesOfData()).toEqual([]);
  });
});

const servicePids = (parent: number): { readonly pid: number; readonly command: string }[] =>
  spawnSync('ps', ['-axo', 'pid=,ppid=,command='], { encoding: 'utf8' })
    .stdout.split('\n')
    .flatMap((line) => {
      const [, pid, ppid, command = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
      const ours = Number(ppid) === parent && command.includes('/services/');
      return ours ? [{ pid: Number(pid), command }] : [];
    });

const isRunning = (pid: number): boolean => {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
};
