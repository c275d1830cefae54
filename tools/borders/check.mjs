/**
 * Proves that the borders are guarded: lints each file of fixtures/ as if it lay in the project that
 * it names, with the project's own configuration, and compares what was reported with what must be.
 * A fixture begins with
 *
 *   // <what it shows>
 *   // file: <where it pretends to be>
 *   // reports: <rule> <message id>   (as often as needed; none: it must pass)
 */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { refreshProjectGraph, root } from '../run.mjs';
import { boundaries } from './rules.mjs';

const bordersRule = '@nx/enforce-module-boundaries';
const circleReported = `${bordersRule} noCircularDependencies`;

const fixtures = path.join(root, 'tools/borders/fixtures');

const parse = (name) => {
  const code = readFileSync(path.join(fixtures, name), 'utf8');
  const file = /^\/\/ file: (\S+)$/m.exec(code)?.[1];
  if (file === undefined) throw new Error(`${name} does not say which file it pretends to be`);
  const expected = [...code.matchAll(/^\/\/ reports: (\S+) (\S+)$/gm)].map(
    ([, rule, message]) => `${rule} ${message}`,
  );
  return { name: path.basename(name, '.ts'), code, file, expected: expected.sort() };
};

const described = (list) => (list.length === 0 ? 'nothing' : list.join(', '));

/**
 * An import against the grain is a circle too, which is reported first and alone: the linter for
 * the other rules has circles switched off, and nothing else changed.
 */
const lintersFor = async (file) => {
  // A fixture is in no TypeScript program; the borders need none.
  const untyped = { files: ['**/*.ts'], ...tseslint.configs.disableTypeChecked };
  const asItIs = new ESLint({ cwd: root, overrideConfig: [untyped] });
  const { rules } = await asItIs.calculateConfigForFile(file);
  // Where the rule is not even switched on, the fixtures say so.
  if (rules[bordersRule] === undefined) return { asItIs, circlesOff: asItIs };
  const [severity, options] = rules[bordersRule];
  const circlesIgnored = { ...options, ignoredCircularDependencies: [['*', '*']] };
  const circlesOff = {
    files: ['**/*.ts'],
    rules: { [bordersRule]: [severity, circlesIgnored] },
  };
  return { asItIs, circlesOff: new ESLint({ cwd: root, overrideConfig: [untyped, circlesOff] }) };
};

/**
 * One result per fixture, and one per rule on who may depend on whom: it must be seen to report.
 * Needs an up-to-date project graph.
 *
 * @returns {Promise<{ name: string, problem: string | undefined }[]>}
 */
export const checkBorders = async () => {
  const results = [];
  const reports = [];
  for (const fixture of globSync('*.ts', { cwd: fixtures }).sort().map(parse)) {
    const filePath = path.join(root, fixture.file);
    const { asItIs, circlesOff } = await lintersFor(filePath);
    const eslint = fixture.expected.includes(circleReported) ? asItIs : circlesOff;
    const [result] = await eslint.lintText(fixture.code, { filePath });
    const messages = result?.messages ?? [];
    reports.push(...messages.map(({ message }) => message));
    const seen = messages.map(
      ({ ruleId, messageId, message }) => `${ruleId} ${messageId ?? message}`,
    );
    const same = described(seen.sort()) === described(fixture.expected);
    results.push({
      name: fixture.name,
      problem: same
        ? undefined
        : `must report ${described(fixture.expected)}; reported ${described(seen)}`,
    });
  }
  for (const { sourceTag } of boundaries({ tests: false, testingDependsOn: [] }).depConstraints) {
    const fired = reports.some((message) => message.includes(`tagged with "${sourceTag}" c`));
    results.push({
      name: `the rule for ${sourceTag} has a fixture that breaks it`,
      problem: fired ? undefined : 'no fixture made it report',
    });
  }
  return results;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await refreshProjectGraph();
  const results = await checkBorders();
  for (const { name, problem } of results) {
    console.log(problem === undefined ? `ok: ${name}` : `FAILED: ${name}: ${problem}`);
  }
  process.exitCode = results.every(({ problem }) => problem === undefined) ? 0 : 1;
}
