import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

const blockBytes = 32_768;
const compression = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
/** A block comes out of it in one piece: one more than fits tells that there is no second. */
const decompression = { chunkSize: blockBytes + 1 };
/** Compressed blocks are gathered up to about this many bytes and then written at once, */
const gatheredBytes = 262_144;
/** and so many are read at once: asking for one costs more than reading it. */
const readAtOnce = 64;
/** UTF-8 needs at most so many bytes for a unit of a string's length. */
const bytesPerUnitMax = 3;

interface Block {
  readonly at: number;
  readonly length: number;
}

/** What is gathered of a part before it is compressed, outside the heap. */
interface Part {
  buffer: Buffer;
  used: number;
  readonly blocks: Block[];
}

/**
 * Lines of text, set aside in parts and read again part by part: compressed blocks in one file of the system's temporary folder.
 * Memory: 32 KiB a part, and some bytes for each block.
 */
export class SetAside {
  private readonly parts: Part[];
  private end = 0;
  /** Blocks that are not in the file yet: they begin where it ends. */
  private gathered: Buffer[] = [];
  private written = 0;

  private constructor(
    private readonly folder: string,
    private readonly file: FileHandle,
    count: number,
  ) {
    this.parts = Array.from({ length: count }, () => ({
      buffer: Buffer.allocUnsafeSlow(blockBytes),
      used: 0,
      blocks: [],
    }));
  }

  static async open(parts: number): Promise<SetAside> {
    const folder = await mkdtemp(path.join(tmpdir(), 'tallystick-aside-'));
    return new SetAside(folder, await open(path.join(folder, 'lines'), 'w+'), parts);
  }

  /** Adds a line, which must not contain its end. A promise when something has to be written before the next. */
  add(part: number, line: string): Promise<void> | undefined {
    const into = this.parts[part];
    if (into === undefined) throw new Error(`there is no part ${part}`);
    const bytesMax = line.length * bytesPerUnitMax + 1;
    if (into.used + bytesMax > into.buffer.length) {
      if (into.used > 0) this.compress(into);
      if (bytesMax > into.buffer.length) into.buffer = Buffer.allocUnsafeSlow(bytesMax);
    }
    into.used += into.buffer.write(line, into.used);
    into.buffer[into.used] = newline;
    into.used += 1;
    return this.end - this.written < gatheredBytes ? undefined : this.write();
  }

  /** The lines of a part, in the order in which they were added: UTF-8, each with its end, many at a time. */
  async *linesOf(part: number): AsyncGenerator<Buffer> {
    const from = this.parts[part];
    if (from === undefined) return;
    await this.write();
    for (let at = 0; at < from.blocks.length; at += readAtOnce) {
      const read = from.blocks.slice(at, at + readAtOnce).map((block) => this.read(block));
      for (const block of await Promise.all(read)) yield zstdDecompressSync(block, decompression);
    }
    if (from.used > 0) yield from.buffer.subarray(0, from.used);
  }

  async close(): Promise<void> {
    await this.file.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  private compress(part: Part): void {
    const block = zstdCompressSync(part.buffer.subarray(0, part.used), compression);
    part.used = 0;
    part.blocks.push({ at: this.end, length: block.length });
    this.end += block.length;
    this.gathered.push(block);
  }

  private async write(): Promise<void> {
    if (this.gathered.length === 0) return;
    const blocks = Buffer.concat(this.gathered);
    const at = this.written;
    this.gathered = [];
    this.written += blocks.length;
    await this.file.write(blocks, 0, blocks.length, at);
  }

  private async read({ at, length }: Block): Promise<Buffer> {
    const { buffer } = await this.file.read(Buffer.allocUnsafe(length), 0, length, at);
    return buffer;
  }
}

const newline = 10;
