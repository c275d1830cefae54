import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SetAside } from './set-aside.js';

/** What is gathered of a part before it is written. */
const blockBytes = 32_768;

describe('lines that are set aside', () => {
  let aside: SetAside;

  beforeEach(async () => {
    aside = await SetAside.open(3);
  });
  afterEach(async () => {
    await aside.close();
  });

  const add = async (part: number, lines: readonly string[]) => {
    for (const line of lines) await aside.add(part, line);
  };
  const textsOf = async (part: number): Promise<readonly string[]> => {
    const texts: string[] = [];
    for await (const lines of aside.linesOf(part)) texts.push(lines.toString());
    return texts;
  };
  const linesOf = async (part: number) => (await textsOf(part)).join('').split('\n').slice(0, -1);

  it('come back part by part, in their order, through many blocks of each', async () => {
    const of = (part: number) =>
      Array.from({ length: 5_000 }, (_, n) => `${part} ${n} é漢😀 ${(n * 7_919) % 10_007}`);
    // By turns, so that the blocks of the parts lie between each other in the file.
    for (let from = 0; from < 5_000; from += 100)
      for (const part of [0, 2]) await add(part, of(part).slice(from, from + 100));
    for (const part of [2, 0]) {
      expect((await textsOf(part)).length).toBeGreaterThan(2);
      expect(await linesOf(part)).toEqual(of(part));
    }
    expect(await textsOf(1)).toEqual([]);
  });

  it('may be longer than what is gathered, among shorter ones', async () => {
    const long = (length: number) => '漢'.repeat(length);
    const lines = [long(20_000), 'short', '', long(30_000), long(1), long(30_000), long(9)];
    await add(1, lines);
    expect(await linesOf(1)).toEqual(lines);
  });

  it('end a block only when the next might not fit', async () => {
    // A unit may need three bytes, and the end of a line needs one: together they fill the block.
    const rest = 'x'.repeat((blockBytes - 2) / 3);
    expect(aside.add(0, '')).toBeUndefined();
    expect(aside.add(0, rest)).toBeUndefined();
    expect(aside.add(0, 'x'.repeat(blockBytes / 2))).toBeUndefined();
    expect(await textsOf(0)).toEqual([`\n${rest}\n`, `${'x'.repeat(blockBytes / 2)}\n`]);
  });

  it('are written when many blocks have been gathered, and come back in their order all the same', async () => {
    const random = () => randomBytes(blockBytes / 4).toString('hex');
    const lines = Array.from({ length: 300 }, random);
    let writes = 0;
    for (const [n, line] of lines.entries()) {
      const written = aside.add(n % 2, line);
      if (written === undefined) continue;
      writes += 1;
      await written;
    }
    expect(writes).toBeGreaterThan(2);
    expect(writes).toBeLessThan(100);
    for (const part of [0, 1])
      expect(await linesOf(part)).toEqual(lines.filter((_, n) => n % 2 === part));
  });

  it('are refused where there is no such part', async () => {
    expect(() => aside.add(3, 'a')).toThrow('there is no part 3');
    expect(await textsOf(3)).toEqual([]);
  });
});
