import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

const blockBytes = 32_768;
const compression = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
/** UTF-8 needs at most so many bytes for a unit of a string's length. */
const bytesPerUnitMax = 3;

interface Block {
  readonly at: number;
  readonly length: number;
}

/** What is gathered of a part before it is written, outside the heap. */
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
      if (into.used > 0) return this.write(into).then(() => this.add(part, line));
      into.buffer = Buffer.allocUnsafeSlow(bytesMax);
    }
    into.used += into.buffer.write(line, into.used);
    into.used = into.buffer.writeUInt8(newline, into.used);
    return undefined;
  }

  /** The lines of a part, in the order in which they were added, as texts of many lines. */
  async *linesOf(part: number): AsyncGenerator<string> {
    const from = this.parts[part];
    if (from === undefined) return;
    for (const { at, length } of from.blocks) {
      const { buffer } = await this.file.read(Buffer.allocUnsafe(length), 0, length, at);
      yield zstdDecompressSync(buffer).toString();
    }
    if (from.used > 0) yield from.buffer.toString('utf8', 0, from.used);
  }

  async close(): Promise<void> {
    await this.file.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async write(part: Part): Promise<void> {
    const block = zstdCompressSync(part.buffer.subarray(0, part.used), compression);
    part.used = 0;
    part.blocks.push({ at: this.end, length: block.length });
    this.end += block.length;
    await this.file.write(block, 0, block.length, this.end - block.length);
  }
}

const newline = 10;
