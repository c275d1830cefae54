import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { exitCodes, Failure } from '../exit-codes.js';

/**
 * The file that says why rows were not taken: `line,code,explanation`. It is made with its first row. Neither the row
 * nor the card number is in it: the line number finds them in the file that was imported.
 */
export interface RejectsFile {
  readonly path: string;
  add(line: number, code: string, explanation: string): Promise<void>;
  /** Rows written. */
  count(): number;
  close(): Promise<void>;
}

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

export const rejectsFile = (path: string): RejectsFile => {
  let stream: WriteStream | undefined;
  let failed: Error | undefined;
  let rows = 0;

  const open = (): WriteStream => {
    const opened = createWriteStream(path);
    opened.on('error', (error) => (failed = error));
    opened.write('line,code,explanation\n');
    return opened;
  };
  const check = (): void => {
    if (failed !== undefined)
      throw new Failure(exitCodes.usage, `cannot write the rejects to ${path}: ${failed.message}`);
  };

  return {
    path,
    count: () => rows,
    add: async (line, code, explanation) => {
      check();
      rows += 1;
      stream ??= open();
      if (!stream.write(`${line},${code},${quoted(explanation)}\n`)) await once(stream, 'drain');
    },
    close: async () => {
      if (stream === undefined) return;
      stream.end();
      if (failed === undefined && !stream.closed) await once(stream, 'close');
      check();
    },
  };
};
