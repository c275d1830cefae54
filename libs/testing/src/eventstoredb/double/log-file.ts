import { mkdir, open, readFile, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Proposed } from './log-state.js';

/** One append, as a line of the file. */
export interface Entry {
  readonly stream: string;
  readonly events: readonly Proposed[];
}

const bytes = z.base64().transform((text): Uint8Array => Buffer.from(text, 'base64'));
const entryLine = z.object({
  stream: z.string(),
  events: z.array(
    z.object({
      id: z.string(),
      type: z.string(),
      contentType: z.string(),
      data: bytes,
      metadata: bytes,
    }),
  ),
});

const lineOf = ({ stream, events }: Entry): string =>
  `${JSON.stringify({
    stream,
    events: events.map(({ id, type, contentType, data, metadata }) => ({
      id,
      type,
      contentType,
      data: Buffer.from(data).toString('base64'),
      metadata: Buffer.from(metadata).toString('base64'),
    })),
  })}\n`;

/** The file that outlives the double: a line for each append, each on the disk before it is acknowledged. */
export class LogFile {
  private readonly file: FileHandle;

  private constructor(file: FileHandle) {
    this.file = file;
  }

  /** What is there already, in order. A last line that was cut off was never acknowledged: it goes. */
  static async open(folder: string): Promise<{ file: LogFile; entries: readonly Entry[] }> {
    await mkdir(folder, { recursive: true });
    const name = path.join(folder, 'log.jsonl');
    const text = await readFile(name, 'utf8').catch(() => '');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const file = await open(name, 'a');
    await file.truncate(Buffer.byteLength(whole));
    const lines = whole.split('\n').slice(0, -1);
    return {
      file: new LogFile(file),
      entries: lines.map((line) => entryLine.parse(JSON.parse(line))),
    };
  }

  async write(entries: readonly Entry[]): Promise<void> {
    await this.file.appendFile(entries.map(lineOf).join(''));
    await this.file.datasync();
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}
