import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { dataFolder, ensureDataFolder, type DataFolder } from './folder.js';
import { keysOf } from './keys.js';

let folder: DataFolder;

beforeEach(async () => {
  folder = dataFolder(await mkdtemp(path.join(tmpdir(), 'tallystick-keys-')));
});
afterEach(async () => {
  await rm(folder.path, { recursive: true });
});

describe('the keys of a data folder', () => {
  it('are made once, and stay', async () => {
    const keys = await keysOf(folder);
    expect(await keysOf(folder)).toEqual(keys);
    expect(Buffer.from(keys.masterKey, 'base64').length).toBe(32);
    expect(keys.masterKey).not.toBe(keys.cardTokenKey);
  });

  it('can be read by their owner only', async () => {
    await keysOf(folder);
    expect((await stat(folder.keys)).mode & 0o777).toBe(0o600);
  });

  it('are the same for two starts that make them at the same moment', async () => {
    const [a, b] = await Promise.all([keysOf(folder), keysOf(folder)]);
    expect(a).toEqual(b);
  });

  it('are not made anew for data that are there', async () => {
    await mkdir(folder.postgres);
    await expect(keysOf(folder)).rejects.toThrow(/keys\.json is missing.*put it back/);
  });

  it('are not made anew when they are damaged', async () => {
    await keysOf(folder);
    const text = await readFile(folder.keys, 'utf8');
    await writeFile(folder.keys, text.slice(0, text.length / 2));
    await expect(keysOf(folder)).rejects.toThrow(/keys\.json is damaged/);
  });
});

describe('a data folder', () => {
  it('that cannot be one is refused with what to do', async () => {
    const file = path.join(folder.path, 'file');
    await writeFile(file, '');
    await expect(ensureDataFolder(dataFolder(file))).rejects.toThrow(
      /there is a file of that name.*--data <folder>/,
    );
    await expect(ensureDataFolder(dataFolder(path.join(file, 'below')))).rejects.toThrow(
      /a part of its path is a file/,
    );
  });
});
