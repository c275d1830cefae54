import { fork } from 'node:child_process';
import { once } from 'node:events';

/** A process of our own that answers each message by one, in turn. */
export interface Child<Ask, Reply> {
  readonly pid: number;
  ask(message: Ask & object): Promise<Reply>;
  end(): Promise<void>;
}

/** Starts a built file. It sees what environment we have; what it writes to stderr appears on ours. */
export const startChild = <Ask, Reply>(
  file: URL,
  parse: (message: unknown) => Reply,
  options: { readonly nodeArgs?: readonly string[]; readonly args?: readonly string[] } = {},
): Child<Ask, Reply> => {
  const child = fork(file, options.args ?? [], { execArgv: [...(options.nodeArgs ?? [])] });
  if (child.pid === undefined) throw new Error(`${file.pathname} cannot be run`);
  const exited = once(child, 'exit');
  return {
    pid: child.pid,
    ask: async (message) => {
      const stop = new AbortController();
      const failed = once(child, 'exit', { signal: stop.signal }).then(([code]: unknown[]) => {
        throw new Error(`${file.pathname} ended with ${String(code)} instead of an answer`);
      });
      const answered = once(child, 'message', { signal: stop.signal });
      child.send(message);
      try {
        const reply: readonly unknown[] = await Promise.race([answered, failed]);
        return parse(reply[0]);
      } finally {
        stop.abort();
        failed.catch(() => undefined);
        answered.catch(() => undefined);
      }
    },
    end: async () => {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
};
