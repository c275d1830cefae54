import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, rename, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PortTaken, StartFailed } from './errors.js';
import { ensureCluster, programEnvironment, readPassword, superuser } from './initialise.js';
import { clearTheWay, readPidFile } from './leftovers.js';
import { takeOwnership } from './owner-lock.js';
import { findPlace, type Placement } from './placement.js';
import { clusterName, signal } from './processes.js';

export interface EmbeddedPostgresOptions {
  /** The folder for the data; made if missing, kept between runs. */
  readonly dataDir: string;
  /** The port on 127.0.0.1; a free one is found without it. */
  readonly port?: number;
  /** One line for people about what is being done: data kept elsewhere, an orphan ended, a slow recovery. */
  readonly log?: (message: string) => void;
  /** Settings of PostgreSQL beside ours, e.g. `{work_mem: '16MB'}`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** How PostgreSQL ended without being asked to. */
export interface UnexpectedExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A PostgreSQL of our own, and the ownership of its data. */
export interface EmbeddedPostgres {
  /** Connects as the superuser, with the password in it. Stays the same over `restart`. */
  readonly url: string;
  readonly port: number;
  /** The server's process; another one after `restart`. */
  readonly pid: number;
  /** Called once when PostgreSQL ends without `stop`. The data stay ours: call `restart`, or `stop` to give up. */
  onExit(listener: (exit: UnexpectedExit) => void): void;
  /** Starts it again on the same port after an unexpected exit; it recovers what was committed. */
  restart(): Promise<void>;
  /** Shuts it down in order and gives the data up. */
  stop(): Promise<void>;
}

const host = '127.0.0.1';
const pollMs = 10;
/** Recovery after a crash reads back what was written since the last checkpoint. */
const readyWithinMs = 300_000;
const noticeAfterMs = 5_000;
const stopWithinMs = 60_000;
const portAttemptsMax = 5;
const logBytesMax = 10_000_000;
const logTailBytes = 4_000;

/** Nothing that the ledger relies on may depend on a default, and nothing personal may get into the log. */
const fixedSettings: Readonly<Record<string, string>> = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  max_connections: '200',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Rows that broke a constraint are told in DETAIL lines, which this leaves out.
  log_error_verbosity: 'terse',
  log_parameter_max_length_on_error: '0',
};

/**
 * Starts PostgreSQL on a data folder and resolves when it takes connections. As root it runs as the user `postgres`;
 * a server that a killed start left behind is shut down first.
 * Throws a `CannotStart` that says what to do: `DataInUse`, `PortTaken`, `DataFolderUnusable`, `PlatformUnusable`, `StartFailed`.
 */
export const startEmbeddedPostgres = async (
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> => {
  const log = options.log ?? (() => {});
  const at = await findPlace(options.dataDir, log);
  const release = await takeOwnership(at.place);
  try {
    await clearTheWay(at.cluster, log);
    await ensureCluster(at, log);
    const password = await readPassword(at.cluster);
    const first = await launchOnPort(at, options, log);
    return supervised(at, options, first, password, release);
  } catch (error) {
    release();
    throw error;
  }
};

interface Launched {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly port: number;
}

const supervised = (
  at: Placement,
  options: EmbeddedPostgresOptions,
  first: Launched,
  password: string,
  release: () => void,
): EmbeddedPostgres => {
  const log = options.log ?? (() => {});
  const { port } = first;
  const listeners: ((exit: UnexpectedExit) => void)[] = [];
  let current = first;
  let stopping: Promise<void> | undefined;
  let restarting: Promise<void> | undefined;

  const watch = ({ child }: Launched): void => {
    child.once('exit', (code, name) => {
      if (stopping !== undefined) return;
      for (const listener of listeners) listener({ code, signal: name });
    });
  };
  /** A process that ends without `stop` takes PostgreSQL along where it can. */
  const endAlong = (): void => {
    if (isRunning(current.child)) signal(current.pid, 'SIGINT');
  };
  process.once('exit', endAlong);
  watch(first);

  return {
    url: `postgres://${superuser}:${password}@${host}:${port}/postgres`,
    port,
    get pid() {
      return current.pid;
    },
    onExit: (listener) => {
      listeners.push(listener);
    },
    restart: async () => {
      if (stopping !== undefined) throw new Error('PostgreSQL has been stopped');
      if (isRunning(current.child)) throw new Error('PostgreSQL is running');
      restarting ??= (async () => {
        await clearTheWay(at.cluster, log);
        current = await launch(at, options, port, log);
        watch(current);
      })().finally(() => {
        restarting = undefined;
      });
      await restarting;
    },
    stop: async () => {
      stopping ??= (async () => {
        // A restart that fails is told to whoever asked for it.
        await restarting?.catch(() => undefined);
        await shutDown(current);
        process.off('exit', endAlong);
        release();
      })();
      await stopping;
    },
  };
};

const isRunning = (child: ChildProcess): boolean =>
  child.exitCode === null && child.signalCode === null;

const shutDown = async ({ child }: Launched): Promise<void> => {
  if (!isRunning(child)) return;
  const exited = once(child, 'exit');
  child.ref();
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGQUIT'), stopWithinMs);
  await exited;
  clearTimeout(timer);
};

const launchOnPort = async (
  at: Placement,
  options: EmbeddedPostgresOptions,
  log: (message: string) => void,
): Promise<Launched> => {
  if (options.port !== undefined) return await launch(at, options, options.port, log);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await launch(at, options, await freePort(), log);
    } catch (error) {
      // Somebody took the port between our look and PostgreSQL's start.
      if (!(error instanceof PortTaken) || attempt === portAttemptsMax) throw error;
    }
  }
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
};

const launch = async (
  at: Placement,
  options: EmbeddedPostgresOptions,
  port: number,
  log: (message: string) => void,
): Promise<Launched> => {
  const settings = {
    ...fixedSettings,
    ...options.settings,
    listen_addresses: host,
    port: String(port),
    // A path of a socket may have no more than 107 bytes; a data folder's may.
    unix_socket_directories: '',
    cluster_name: clusterName(at.cluster),
  };
  const logFile = path.join(at.place, 'postgres.log');
  if (((await stat(logFile).catch(() => undefined))?.size ?? 0) > logBytesMax) {
    await rename(logFile, `${logFile}.1`);
  }
  const output = await open(logFile, 'a', 0o600);
  try {
    const { size: logStart } = await output.stat();
    const child = spawn(
      path.join(at.home, 'bin', 'postgres'),
      ['-D', at.cluster, ...Object.entries(settings).flatMap(([k, v]) => ['-c', `${k}=${v}`])],
      {
        ...at.runAs,
        cwd: '/',
        env: programEnvironment,
        // Its own process group: Ctrl-C in a terminal is for us, who stop PostgreSQL last.
        detached: true,
        // A file, not a pipe: it outlives us, and PostgreSQL goes on writing.
        stdio: ['ignore', output.fd, output.fd],
      },
    );
    child.unref();
    await ready(at, child, log).catch(async (error: unknown) => {
      if (!(error instanceof StartFailed)) throw error;
      const tail = await tailOf(logFile, logStart);
      if (/could not bind IPv4 address/.test(tail)) throw new PortTaken(port);
      throw new StartFailed(`${error.message}\n${tail.trim()}`, { cause: error });
    });
    if (child.pid === undefined) throw new StartFailed('PostgreSQL has no process');
    return { child, pid: child.pid, port };
  } finally {
    await output.close();
  }
};

const ready = async (
  at: Placement,
  child: ChildProcess,
  log: (message: string) => void,
): Promise<void> => {
  const started = Date.now();
  const failed = new Promise<Error>((resolve) => {
    child.once('error', (cause) => resolve(new StartFailed('PostgreSQL cannot be run', { cause })));
    child.once('exit', (code, name) => {
      resolve(new StartFailed(`PostgreSQL ended with ${code ?? name} instead of starting`));
    });
  });
  let told = false;
  for (;;) {
    const failure = await Promise.race([failed, sleep(pollMs)]);
    if (failure !== undefined) throw failure;
    const file = await readPidFile(at.cluster);
    if (file !== undefined && file.pid === child.pid && file.ready) return;
    const waitedMs = Date.now() - started;
    if (!told && waitedMs > noticeAfterMs) {
      told = true;
      log('PostgreSQL is still recovering from an earlier crash: waiting for it');
    }
    if (waitedMs > readyWithinMs) {
      child.kill('SIGQUIT');
      throw new StartFailed(`PostgreSQL was not ready within ${readyWithinMs / 1000} s`);
    }
  }
};

const tailOf = async (file: string, from: number): Promise<string> => {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const start = Math.max(from, size - logTailBytes);
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(logTailBytes),
      0,
      logTailBytes,
      start,
    );
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
};
