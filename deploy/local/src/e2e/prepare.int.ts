import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const tools = fileURLToPath(new URL('../../../../tools', import.meta.url));
const lock = '.prepare-lock';

let clone: string;
let running: ChildProcess[] = [];

/** A clone with one package, which comes from a folder beside it: npm needs no network. Its installation takes a second. */
beforeEach(async () => {
  clone = await mkdtemp(path.join(tmpdir(), 'tallystick-clone-'));
  running = [];
  await mkdir(path.join(clone, 'tools'));
  for (const file of ['prepare.mjs', 'prepare-lock.mjs'])
    await cp(path.join(tools, file), path.join(clone, 'tools', file));
  const dependencies = { one: 'file:one' };
  const slow = { install: 'node -e "setTimeout(() => {}, 1000)"' };
  await mkdir(path.join(clone, 'one'));
  const write = (file: string, content: object) =>
    writeFile(path.join(clone, file), JSON.stringify(content));
  await write('one/package.json', { name: 'one', version: '1.0.0', scripts: slow });
  await write('package.json', { name: 'clone', version: '1.0.0', dependencies });
  await write('package-lock.json', {
    ...{ name: 'clone', version: '1.0.0', lockfileVersion: 3 },
    packages: {
      '': { name: 'clone', version: '1.0.0', dependencies },
      'node_modules/one': { resolved: 'one', link: true },
      one: { version: '1.0.0', hasInstallScript: true },
    },
  });
});
afterEach(async () => {
  for (const child of running) child.kill('SIGKILL');
  await rm(clone, { recursive: true, force: true });
});

const start = () => {
  const child = spawn(process.execPath, ['tools/prepare.mjs', '--packages-only'], {
    cwd: clone,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running.push(child);
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  return {
    child,
    said: () => said,
    ended: once(child, 'close').then(([status]) => ({ status: status as unknown, said })),
  };
};
const locks = async () => (await readdir(clone)).filter((name) => name.startsWith(lock));
const installs = 'Installing the packages';

describe('preparing a fresh clone', () => {
  it('is done once by commands that begin together, and leaves no lock', async () => {
    const ended = await Promise.all([start(), start(), start()].map((one) => one.ended));
    expect(ended.map(({ status }) => status)).toEqual([0, 0, 0]);
    expect(ended.filter(({ said }) => said.includes(installs))).toHaveLength(1);
    expect(existsSync(path.join(clone, 'node_modules/one/package.json'))).toBe(true);
    expect(await locks()).toEqual([]);
  });

  it('waits for who is at it, and says for whom', async () => {
    const holder = String(process.pid);
    await mkdir(path.join(clone, lock));
    await writeFile(path.join(clone, lock, holder), '');
    const waiting = start();
    while (!waiting.said().includes('Waiting'))
      await Promise.race([once(waiting.child.stderr, 'data'), waiting.ended]);
    expect(waiting.said()).toContain(`Waiting for process ${holder},`);
    expect(waiting.said()).not.toContain(installs);
    await rm(path.join(clone, lock), { recursive: true });
    expect((await waiting.ended).status).toBe(0);
  });

  it('waits for nobody who is gone', async () => {
    const gone = start();
    gone.child.kill('SIGKILL');
    await gone.ended;
    await mkdir(path.join(clone, lock), { recursive: true });
    await writeFile(path.join(clone, lock, String(gone.child.pid)), '');
    const ended = await start().ended;
    expect([ended.status, ended.said.includes('Waiting')]).toEqual([0, false]);
    expect(await locks()).toEqual([]);
  });

  it('is begun again where it was cut off, and not where it was done', async () => {
    expect((await start().ended).said).toContain(installs);
    expect((await start().ended).said).toBe('');
    await rm(path.join(clone, 'node_modules/one'));
    expect((await start().ended).said).toContain(installs);
    expect((await start().ended).said).toBe('');
    await rm(path.join(clone, 'node_modules/.package-lock.json'));
    expect((await start().ended).said).toContain(installs);
  });

  it('is begun again where the Node that was installed does not run', async () => {
    await start().ended;
    const bin = path.join(clone, `node_modules/node-linux-${process.arch}/bin`);
    await mkdir(bin, { recursive: true });
    await writeFile(path.join(bin, 'node'), 'half of a pro', { mode: 0o755 });
    const ended = await start().ended;
    expect(ended.said.includes(installs)).toBe(process.platform === 'linux');
    expect(ended.status).toBe(0);
  });
});
