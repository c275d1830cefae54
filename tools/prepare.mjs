/**
 * What a fresh clone needs before anything of it can run: the packages, Node 24 and the build.
 * Runs before `npm start`, `npm test` and `npm run tally`, on any Node that npm came with and
 * without a package, for there may be none yet. Everything is said on stderr: stdout belongs to
 * the command that follows.
 *
 * One at a time: a second command waits until the first has prepared, and then finds it done.
 *
 *   node tools/prepare.mjs [--packages-only]
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { takeLock } from './prepare-lock.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const nodeMajorMin = 24;
const tickMs = 10_000;

const say = (text) => process.stderr.write(`${text}\n`);
const fail = (text) => {
  say(`\n${text}`);
  process.exit(1);
};
const inRoot = (...parts) => path.join(root, ...parts);
const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));
const seconds = (sinceMs) => `${Math.round((Date.now() - sinceMs) / 1000)} s`;

/** Which lockfile we installed last, by its hash. */
const stamp = inRoot('node_modules/.installed-lockfile');
const lockfileHash = () =>
  createHash('sha256')
    .update(readFileSync(inRoot('package-lock.json')))
    .digest('hex');

/**
 * npm writes the list of what it installed when it is done: no list, no (whole) installation. What is on the list is looked for all
 * the same: somebody may have been cut off while removing it, or have installed over it.
 */
const installed = () => {
  const list = inRoot('node_modules/.package-lock.json');
  if (!existsSync(list)) return false;
  const packages = Object.keys(readJson(list).packages);
  if (!packages.every((name) => existsSync(inRoot(name, 'package.json')))) return false;
  if (!bundledNodeRuns()) return false;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lockfileHash()) return true;
  // Installed by hand, with `npm install` or `npm ci`.
  const have = readJson(list).packages;
  const { '': _root, ...wanted } = readJson(inRoot('package-lock.json')).packages;
  return Object.entries(wanted).every(([name, { version, optional }]) =>
    // What is optional may have been made for another platform.
    have[name] === undefined ? optional === true : have[name].version === version,
  );
};

/** Whether the Node among the packages, if there is one, is whole. */
const bundledNodeRuns = () => {
  const node = inRoot(`node_modules/node-linux-${process.arch}/bin/node`);
  if (process.platform !== 'linux' || !existsSync(path.dirname(node))) return true;
  return spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.startsWith('v') === true;
};

/** npm, and what it starts, must not run on the Node inside the folder that it replaces. */
const pathWithoutPackages = () =>
  (process.env.PATH ?? '')
    .split(path.delimiter)
    .filter((folder) => !folder.split(path.sep).includes('node_modules'))
    .join(path.delimiter);

const isWritable = () => {
  try {
    accessSync(root, constants.W_OK);
    return true;
  } catch {
    return false;
  }
};

const install = async (lock) => {
  if (lock === null) {
    fail(`Cannot install the packages: ${root} is not writable. Clone it to a folder of your own.`);
  }
  say(
    'Installing the packages that package-lock.json names (the first time a minute; on a busy machine, or over a slow network, several) ...',
  );
  const startedMs = Date.now();
  const npm = spawn('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    env: { ...process.env, PATH: pathWithoutPackages() },
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  // It goes on if we are killed, and nobody else may install meanwhile.
  if (npm.pid !== undefined) lock.alsoHeldBy(npm.pid);
  const ticking = setInterval(() => say(`  ... still installing, ${seconds(startedMs)}`), tickMs);
  const status = await new Promise((resolve) => {
    npm.on('error', (error) => {
      say(String(error));
      resolve(1);
    });
    npm.on('close', resolve);
  });
  clearInterval(ticking);
  if (status !== 0) {
    fail(
      'npm ci failed; its reasons are above. Without a network, point npm at a registry that you can reach.',
    );
  }
  writeFileSync(stamp, lockfileHash());
  say(`Packages installed in ${seconds(startedMs)}.`);
};

/** The packages bring a Node of their own for Linux; elsewhere the system's must be new enough. */
const checkNode = () => {
  const node = spawnSync('node', ['--version'], { cwd: root, encoding: 'utf8' });
  const version = node.stdout?.trim() ?? '';
  if (Number(/^v(\d+)/.exec(version)?.[1] ?? 0) >= nodeMajorMin) return;
  const found = version === '' ? 'one that does not run here' : version;
  const bundled = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);
  fail(
    `Tallystick needs Node ${nodeMajorMin} or newer, and found ${found}.\n` +
      (bundled
        ? 'It comes with the packages, for Linux with glibc: run this by npm (`npm start`, `npm test`, `npm run ...`), which finds it.'
        : `Install Node ${nodeMajorMin} (https://nodejs.org) and try again.`),
  );
};

/** Brings the build up to date: 10 s from nothing, half a second when nothing changed. */
const build = () => {
  if (!existsSync(inRoot('libs/kernel/dist/index.js'))) say('Building (some ten seconds) ...');
  const tsc = spawnSync('node', [inRoot('node_modules/typescript/bin/tsc'), '-b'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (tsc.status !== 0) fail('The build failed: the errors are above.');
};

// Where nothing can be written, nobody installs or builds either.
const lock = isWritable() ? await takeLock(inRoot('.prepare-lock'), say) : null;
if (!installed()) await install(lock);
checkNode();
if (!process.argv.includes('--packages-only')) build();
lock?.release();
