/**
 * What neither npm nor `tsc -b` says of the workspaces: whether a tsconfig refers to what the
 * package depends on, whether what is imported is declared, and whether each project has its place
 * in the house.
 */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectTypes } from './borders/rules.mjs';
import { root } from './run.mjs';

const scope = '@tallystick/';
const testsOf = ['src/**/*.unit.ts', 'src/**/*.int.ts', 'src/**/*.e2e.ts'];
/** Contract suites are built, for adapters elsewhere, but run only under jest; what is in `e2e` and `testing` belongs to tests. */
const isTest = (file) => /\.(unit|int|e2e)\.ts$|^src\/(contract|e2e|testing)\//.test(file);
/** `import x from 'p'`, `export * from 'p'`, `import 'p'`, `import('p')`. */
const importPattern = /(?:\bfrom\s+|\bimport\s+|\bimport\()'([^'.][^']*)'/g;
/** Made by a tool, with exceptions of the tool's own. */
const isGenerated = (file) => file.startsWith('src/generated/');
/** An exception to the linter that does not say why. */
const unexplainedException = /eslint-disable(?!.* -- \S)/;

const read = (...parts) => readFileSync(path.join(root, ...parts), 'utf8');
const readJson = (...parts) => JSON.parse(read(...parts));
const packageOf = (specifier) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
const difference = (left, right) => [...left].filter((item) => !right.has(item)).sort();

const projects = () =>
  globSync(readJson('package.json').workspaces, { cwd: root })
    .sort()
    .filter((folder) => globSync('package.json', { cwd: path.join(root, folder) }).length === 1)
    .map((folder) => ({ folder, manifest: readJson(folder, 'package.json') }));

const importsOf = (folder) => {
  const imported = new Set();
  const problems = [];
  for (const file of globSync('src/**/*.ts', { cwd: path.join(root, folder) })) {
    const text = read(folder, file);
    if (unexplainedException.test(text) && !isGenerated(file)) {
      problems.push(`${folder}/${file}: an eslint-disable without \` -- <reason>\``);
    }
    if (isTest(file)) continue;
    for (const [, specifier] of text.matchAll(importPattern)) {
      if (!specifier.startsWith('node:')) imported.add(packageOf(specifier));
    }
  }
  return { imported, problems };
};

const problemsOf = ({ folder, manifest }, folders) => {
  const problems = [];
  const tsconfig = readJson(folder, 'tsconfig.json');
  const declared = new Set(Object.keys(manifest.dependencies ?? {}));
  const ours = new Set([...declared].filter((name) => name.startsWith(scope)));
  const referred = new Set(
    (tsconfig.references ?? []).map((reference) => path.join(folder, reference.path)),
  );
  const needed = new Set([...ours].map((name) => folders.get(name) ?? name));
  for (const missing of difference(needed, referred)) {
    problems.push(`${folder}/tsconfig.json does not refer to ${missing}, a dependency`);
  }
  for (const extra of difference(referred, needed)) {
    problems.push(`${folder}/tsconfig.json refers to ${extra}, which is no dependency`);
  }
  const excluded = new Set(tsconfig.exclude ?? []);
  for (const pattern of testsOf.filter((each) => !excluded.has(each))) {
    problems.push(`${folder}/tsconfig.json does not exclude ${pattern} from the build`);
  }

  const { imported, problems: ofFiles } = importsOf(folder);
  problems.push(...ofFiles);
  for (const missing of difference(imported, declared)) {
    problems.push(`${folder}/package.json does not declare ${missing}, which its sources import`);
  }
  for (const unused of difference(ours, imported)) {
    problems.push(`${folder}/package.json declares ${unused}, which no source imports`);
  }
  for (const [name, version] of Object.entries(manifest.dependencies ?? {})) {
    if (!/^\d/.test(version)) {
      problems.push(`${folder}/package.json: ${name} needs an exact version, not ${version}`);
    }
  }

  const tags = manifest.nx?.tags ?? [];
  if (tags.filter((tag) => projectTypes.includes(tag)).length !== 1) {
    problems.push(
      `${folder}/package.json: nx.tags needs exactly one of ${projectTypes.join(', ')}`,
    );
  }
  return problems;
};

/** Prints what is wrong, and answers whether nothing is. */
export const checkWorkspaces = () => {
  const all = projects();
  const folders = new Map(all.map(({ folder, manifest }) => [manifest.name, folder]));
  const problems = all.flatMap((project) => problemsOf(project, folders));
  const built = new Set(readJson('tsconfig.json').references.map((reference) => reference.path));
  for (const missing of difference(new Set(folders.values()), built)) {
    problems.push(`tsconfig.json does not refer to ${missing}: it would not be built`);
  }
  problems.forEach((problem) => console.error(problem));
  return problems.length === 0;
};

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.exitCode = checkWorkspaces() ? 0 : 1;
