/**
 * `npm run proto` makes libs/contracts/src/generated from proto/, and proto/published.binpb: what others may rely on, as buf's image.
 * It refuses to publish what breaks that. `checkProto` (in `npm test`) checks: buf's rules and form, that nothing which was
 * published is broken, and that the generated code and the image are what proto/ makes.
 */
import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { root } from './run.mjs';

const run = promisify(execFile);
const proto = path.join(root, 'proto');
const published = path.join(proto, 'published.binpb');
const generated = path.join(root, 'libs/contracts/src/generated');
const bin = path.join(root, 'node_modules/.bin');
const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` };

/** Undefined when it passes, or what buf says. */
const buf = async (args, cwd = proto) => {
  try {
    await run(path.join(bin, 'buf'), args, { cwd, env });
    return undefined;
  } catch (error) {
    return `buf ${args.join(' ')}:\n${error.stdout ?? ''}${error.stderr ?? error.message}`;
  }
};

const filesOf = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();

const isGenerated = async (work) => {
  // The output's path is told from the template's folder.
  const copy = path.join(work, 'fresh', 'proto');
  mkdirSync(path.join(work, 'fresh/libs/contracts/src'), { recursive: true });
  cpSync(proto, copy, { recursive: true });
  const problem = await buf(['generate'], copy);
  if (problem !== undefined) return problem;
  const fresh = path.join(work, 'fresh/libs/contracts/src/generated');
  const same =
    filesOf(fresh).join() === filesOf(generated).join() &&
    filesOf(fresh).every(
      (file) =>
        readFileSync(path.join(fresh, file), 'utf8') ===
        readFileSync(path.join(generated, file), 'utf8'),
    );
  return same ? undefined : `${generated} is not what proto/ makes: run 'npm run proto'`;
};

/** Comments are no promise: they may become better. */
const makeImage = (to) => buf(['build', '--exclude-source-info', '--output', to]);

const breaksNothing = async () =>
  existsSync(published)
    ? await buf(['breaking', '--against', published])
    : `${published} is missing, so nobody knows what was published: take it from the history`;

const isPublished = async (work) => {
  const fresh = path.join(work, 'fresh.binpb');
  const problem = await makeImage(fresh);
  if (problem !== undefined) return problem;
  return existsSync(published) && readFileSync(fresh).equals(readFileSync(published))
    ? undefined
    : `${published} is not what proto/ makes: run 'npm run proto'`;
};

/** That the check notices: a field that gets another number, and one that gets another name. */
const noticesBreakage = async (work) => {
  for (const [nth, [was, is]] of [
    ['string program = 1;', 'string program = 99;'],
    ['string business_date = 6;', 'string trading_day = 6;'],
  ].entries()) {
    const copy = path.join(work, `broken-${nth}`);
    cpSync(proto, copy, { recursive: true });
    const file = path.join(copy, 'tallystick/receipts/v1/receipts.proto');
    writeFileSync(file, readFileSync(file, 'utf8').replace(was, is));
    if ((await buf(['breaking', '--against', proto], copy)) === undefined)
      return `buf breaking does not notice that '${was}' became '${is}'`;
  }
  return undefined;
};

export const checkProto = async () => {
  const work = mkdtempSync(path.join(tmpdir(), 'tallystick-proto-'));
  try {
    const problems = [
      await buf(['lint']),
      await buf(['format', '--diff', '--exit-code']),
      await isGenerated(work),
      await breaksNothing(),
      await isPublished(work),
      await noticesBreakage(work),
    ].filter((problem) => problem !== undefined);
    problems.forEach((problem) => console.error(problem));
    return problems.length === 0;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};

/** Stops at the first problem: nothing is published that breaks what was. */
const make = async () =>
  (await buf(['format', '--write'])) ??
  (await breaksNothing()) ??
  (await buf(['generate'])) ??
  (await makeImage(published));

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const problem = process.argv.includes('--check')
    ? (await checkProto())
      ? undefined
      : 'proto/ does not pass'
    : await make();
  if (problem !== undefined) {
    console.error(problem);
    process.exitCode = 1;
  }
}
