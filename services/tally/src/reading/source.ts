import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable, Transform, type TransformCallback } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { codeOf, messageOf } from '../thrown.js';
import { UnreadableFile } from './unreadable-file.js';

/** The bytes of a sales file, unpacked. */
export interface Source {
  readonly bytes: AsyncIterable<Buffer>;
  /** How much of the file, as it lies on disk, has been read; for a progress bar. */
  readonly bytesRead: () => number;
  /** Its size on disk; null for standard input. */
  readonly size: number | null;
}

const isGzip = (head: Buffer): boolean => head[0] === 0x1f && head[1] === 0x8b;

/** Opens a file, or standard input for `-`. Gzip is told by its first two bytes, not by the file's name. */
export const openSource = async (path: string): Promise<Source> => {
  if (path === '-') return unpack(() => process.stdin, null);
  let size: number;
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw new UnreadableFile(`${path} is a folder`);
    size = found.isFile() ? found.size : 0;
  } catch (error) {
    if (error instanceof UnreadableFile) throw error;
    throw new UnreadableFile(`cannot open ${path}: ${reasonOf(error)}`);
  }
  return unpack(() => createReadStream(path), size === 0 ? null : size);
};

/** Any stream of bytes, opened when it is first read, and unpacked when it is gzip. */
export const unpack = (open: () => Readable, size: number | null): Source => {
  let bytesRead = 0;
  return {
    bytes: unpacked(open, (count) => (bytesRead += count)),
    bytesRead: () => bytesRead,
    size,
  };
};

async function* unpacked(
  open: () => Readable,
  count: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  const input = open();
  const counted = new Transform({
    transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback) {
      count(chunk.length);
      done(null, chunk);
    },
  });
  input.once('error', (error) => counted.destroy(error));
  input.pipe(counted);
  try {
    const chunks = counted[Symbol.asyncIterator]();
    const head = await firstBytes(chunks, 2);
    const whole = Readable.from(after(head, chunks), { objectMode: false });
    if (!isGzip(head)) {
      yield* whole;
      return;
    }
    const gunzip = createGunzip();
    whole.once('error', (error) => gunzip.destroy(error));
    yield* whole.pipe(gunzip);
  } catch (error) {
    throw new UnreadableFile(`the file cannot be read to its end: ${reasonOf(error)}`);
  } finally {
    input.destroy();
  }
}

/** The first chunk, grown until it has so many bytes or the input ends: a pipe may hand over one byte at first. */
const firstBytes = async (chunks: AsyncIterator<Buffer>, bytes: number): Promise<Buffer> => {
  let head: Buffer = Buffer.alloc(0);
  while (head.length < bytes) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  return head;
};

async function* after(head: Buffer, chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next())
    yield next.value;
}

const reasonOf = (error: unknown): string => {
  switch (codeOf(error)) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
    case 'EPERM':
      return 'it may not be read by this user';
    case 'Z_BUF_ERROR':
      return 'the compressed data ends too early';
    case 'Z_DATA_ERROR':
      return 'the compressed data is damaged';
    default:
      return messageOf(error);
  }
};
