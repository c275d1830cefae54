import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { BackupUnusable } from './manifest.js';

/** Text of whole lines, some at a time, so that memory stays bounded. */
export type Lines = AsyncIterable<readonly string[]>;

export interface LinesSaid {
  readonly sha256: string;
  readonly count: number;
}

const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

/** Goes through lines and says what they come to. */
export const digestLines = async (lines: Lines): Promise<LinesSaid> => {
  const hash = createHash('sha256');
  let count = 0;
  for await (const some of lines) {
    hash.update(textOf(some));
    count += some.length;
  }
  return { sha256: hash.digest('hex'), count };
};

/** Writes lines, packed, to a file that appears whole or not at all; only its owner can read it. */
export const writeLines = async (
  folder: string,
  name: string,
  lines: Lines,
): Promise<LinesSaid> => {
  const hash = createHash('sha256');
  let count = 0;
  const texts = async function* (): AsyncGenerator<string> {
    for await (const some of lines) {
      const text = textOf(some);
      hash.update(text);
      count += some.length;
      yield text;
    }
  };
  const file = path.join(folder, name);
  const half = `${file}.half`;
  await pipeline(
    Readable.from(texts()),
    createGzip(),
    createWriteStream(half, { mode: 0o600, flush: true }),
  );
  await rename(half, file);
  return { sha256: hash.digest('hex'), count };
};

/** Reads them again. Throws `BackupUnusable` at the end when they are not the ones that were written. */
export async function* readLines(
  folder: string,
  name: string,
  sha256: string,
): AsyncGenerator<readonly string[]> {
  const damaged = (cause?: unknown): BackupUnusable =>
    new BackupUnusable(
      `${path.join(folder, name)} is missing or damaged: take another copy of the backup`,
      { cause },
    );
  const hash = createHash('sha256');
  const decoder = new TextDecoder();
  let rest = '';
  const bytes = createGunzip();
  const reading = pipeline(createReadStream(path.join(folder, name)), bytes).catch(
    (error: unknown) => error,
  );
  try {
    const chunks: AsyncIterable<unknown> = bytes;
    for await (const chunk of chunks) {
      if (!Buffer.isBuffer(chunk)) throw new Error('a stream of bytes has something else in it');
      hash.update(chunk);
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      if (lines.length > 0) yield lines;
    }
  } catch (error) {
    await reading;
    throw damaged(error);
  }
  if (rest !== '' || hash.digest('hex') !== sha256) throw damaged();
}
