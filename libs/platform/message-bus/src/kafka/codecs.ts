import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import kafkajs from 'kafkajs';

/**
 * What others may have packed their messages with, besides gzip, which kafkajs has: without it one such message keeps a member from every
 * partition of its topic. What we send is not packed.
 */
export const registerCodecs = (): void => {
  const { CompressionCodecs: codecs, CompressionTypes: types } = kafkajs;
  codecs[types.ZSTD] = () => ({ decompress: promisify(zstdDecompress) });
  // Loaded when it is needed: these are the machine's own code, and few have need of it.
  codecs[types.LZ4] = () => ({
    decompress: async (bytes: Buffer) => (await import('lz4-napi')).decompressFrame(bytes),
  });
  codecs[types.Snappy] = () => ({ decompress: unpackSnappy });
};

/** How the Java client begins what it packs: its name for it and two versions; then blocks, each behind its length. */
const javaMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const javaHeadBytes = 16;
const lengthBytes = 4;

/** One block, as most clients send it, or a row of them. */
export const unpackSnappy = async (bytes: Buffer): Promise<Buffer> => {
  const { uncompress } = await import('snappy');
  const unpack = async (block: Buffer): Promise<Buffer> => {
    const unpacked = await uncompress(block);
    return typeof unpacked === 'string' ? Buffer.from(unpacked) : unpacked;
  };
  if (!bytes.subarray(0, javaMagic.length).equals(javaMagic)) return unpack(bytes);
  const blocks: Buffer[] = [];
  let at = javaHeadBytes;
  while (at < bytes.length) {
    const end = at + lengthBytes + bytes.readUInt32BE(at);
    blocks.push(await unpack(bytes.subarray(at + lengthBytes, end)));
    at = end;
  }
  return Buffer.concat(blocks);
};
