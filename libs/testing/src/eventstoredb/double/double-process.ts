import { runSource } from '../../source-process.js';
import { maxAppendBytesDefault } from './behaviour.js';
import type { DoubleOptions } from './server.js';

/** The double of EventStoreDB in a process of its own. */
export interface DoubleProcess {
  /** `esdb://127.0.0.1:<port>?tls=false` */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  breakConnections(): Promise<void>;
  /** Forgets everything; only without a folder. */
  empty(): Promise<void>;
  /** SIGKILL, as a power cut would. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

const processModule = new URL('../../../src/eventstoredb/double/process.ts', import.meta.url);

export const startDoubleProcess = async (options: DoubleOptions = {}): Promise<DoubleProcess> => {
  const { port = 0, maxAppendBytes = maxAppendBytesDefault, folder } = options;
  const child = runSource(processModule, [
    String(port),
    String(maxAppendBytes),
    ...(folder === undefined ? [] : [folder]),
  ]);
  const lines = child.lines[Symbol.asyncIterator]();
  const line = async (): Promise<string> => {
    const next = await lines.next();
    if (next.done === true) throw new Error('the double of EventStoreDB has ended');
    return next.value;
  };
  // Signals that come together arrive as one: each waits for the answer to the one before.
  let answered = Promise.resolve();
  const after = async (signal: NodeJS.Signals): Promise<void> => {
    answered = answered.then(async () => {
      process.kill(child.pid, signal);
      await line();
    });
    await answered;
  };
  const url = await line();
  return {
    url,
    port: Number(new URL(url).port),
    pid: child.pid,
    breakConnections: () => after('SIGUSR2'),
    empty: () => after('SIGHUP'),
    kill: () => child.kill(),
    stop: async () => {
      process.kill(child.pid, 'SIGTERM');
      await child.ended;
    },
  };
};
