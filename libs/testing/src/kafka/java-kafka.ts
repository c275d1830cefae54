import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { answers, type KafkaBrokerOptions, type MortalKafkaBroker } from './broker.js';
import { kafkaClassPath } from './class-path.js';
import { freePort } from './free-port.js';

const run = promisify(execFile);
const host = '127.0.0.1';

const properties = (
  folder: string,
  port: number,
  controllerPort: number,
  { mortal = false }: KafkaBrokerOptions,
): string =>
  [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@${host}:${controllerPort}`,
    `listeners=PLAINTEXT://${host}:${port},CONTROLLER://${host}:${controllerPort}`,
    `advertised.listeners=PLAINTEXT://${host}:${port}`,
    'controller.listener.names=CONTROLLER',
    `log.dirs=${folder}/data`,
    'auto.create.topics.enable=false',
    'group.initial.rebalance.delay.ms=0',
    'offsets.topic.replication.factor=1',
    'offsets.topic.num.partitions=4',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'transaction.state.log.num.partitions=4',
    'share.coordinator.state.topic.replication.factor=1',
    'share.coordinator.state.topic.min.isr=1',
    'share.coordinator.state.topic.num.partitions=4',
    // How soon a broker that comes back after a kill is let in again. Too short for a machine that is only busy.
    ...(mortal ? ['broker.session.timeout.ms=2000', 'broker.heartbeat.interval.ms=500'] : []),
    '',
  ].join('\n');

/**
 * Ends the broker and removes its data if we end without having stopped it, by SIGKILL too: then its standard input,
 * a pipe that we hold, comes to an end. It has a process group of its own, so that Ctrl-C does not reach it first.
 */
const watchdog = (broker: number, folder: string): ChildProcess =>
  spawn(
    'sh',
    [
      '-c',
      'cat >/dev/null; kill -9 "$0" 2>/dev/null; sleep 1; rm -rf "$1"',
      String(broker),
      folder,
    ],
    {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    },
  );

const logTailChars = 2000;

export interface JavaKafkaBroker extends MortalKafkaBroker {
  /** Its data, configuration and log. */
  readonly folder: string;
  /** The process that runs now. */
  pid(): number | undefined;
}

const startOnce = async (options: KafkaBrokerOptions): Promise<JavaKafkaBroker> => {
  const classPath = await kafkaClassPath();
  const folder = await mkdtemp(path.join(tmpdir(), 'tallystick-kafka-'));
  const [port, controllerPort] = [await freePort(), await freePort()];
  const config = path.join(folder, 'server.properties');
  const logFile = path.join(folder, 'log');
  await writeFile(config, properties(folder, port, controllerPort, options));
  const java = ['-Xmx512m', '-XX:+UseSerialGC', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'];
  const cluster = randomBytes(16).toString('base64url');

  let running: { readonly broker: ChildProcess; readonly guard: ChildProcess } | undefined;
  const brokers = [`${host}:${port}`];

  const start = async (): Promise<void> => {
    const log = await open(logFile, 'a');
    const broker = spawn('java', [...java, '-cp', classPath, 'kafka.Kafka', config], {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    await once(broker, 'spawn');
    await log.close();
    if (broker.pid === undefined) throw new Error('a process that runs has a number');
    const guard = watchdog(broker.pid, folder);
    // Neither keeps us from ending.
    broker.unref();
    guard.unref();
    // While it lives the number is its own; afterwards the guard must not use it any more.
    broker.once('exit', () => guard.kill('SIGKILL'));
    running = { broker, guard };
    await answers(brokers, undefined, () => endOf(broker));
  };

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (running === undefined) return;
    const { broker } = running;
    running = undefined;
    if (endOf(broker) !== undefined) return;
    const ended = once(broker, 'exit');
    broker.kill(signal);
    await ended;
  };

  const stop = async (): Promise<void> => {
    // Nobody wants its data any more.
    await end('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  };

  try {
    const storage = ['kafka.tools.StorageTool', 'format', '-t', cluster, '-c', config];
    await run('java', [...java, '-cp', classPath, ...storage]);
    await start();
  } catch (cause) {
    const log = await readFile(logFile, 'utf8').catch(() => '');
    await stop();
    throw new Error(`Kafka does not start: ${log.slice(-logTailChars)}`, { cause });
  }
  return {
    brokers,
    folder,
    pid: () => running?.broker.pid,
    stop,
    kill: () => end('SIGKILL'),
    terminate: () => end('SIGTERM'),
    restart: start,
  };
};

const endOf = ({ exitCode, signalCode }: ChildProcess): string | undefined =>
  signalCode ?? (exitCode === null ? undefined : `status ${exitCode}`);

/** Starts a Kafka of one node on loopback, in KRaft mode, on Java: 3 to 5 seconds, some 250 MB. */
export const startJavaKafka = async (
  options: KafkaBrokerOptions = {},
): Promise<JavaKafkaBroker> => {
  try {
    return await startOnce(options);
  } catch {
    return await startOnce(options);
  }
};
