import { expect, it } from '@jest/globals';
import { compressSync } from 'snappy';
import { unpackSnappy } from './codecs.js';

it('what is packed by snappy is read as one block, and as the Java client’s row of blocks', async () => {
  const [one, two] = [Buffer.from('a'.repeat(1000)), Buffer.from('b')];
  expect(await unpackSnappy(compressSync(one))).toEqual(one);
  const block = (bytes: Buffer): readonly Buffer[] => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(compressSync(bytes).length);
    return [length, compressSync(bytes)];
  };
  const head = Buffer.from('82534e4150505900' + '0000000100000001', 'hex');
  expect(await unpackSnappy(Buffer.concat([head, ...block(one), ...block(two)]))).toEqual(
    Buffer.concat([one, two]),
  );
});
