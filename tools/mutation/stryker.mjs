import { tmpdir } from 'node:os';
import path from 'node:path';

/** What all mutation runs have in common. `needs`: the folders that a run copies; workspaces come from node_modules. */
export const strykerFor = (name, { mutate, needs, jest, ...rest }) => ({
  testRunner: 'jest',
  plugins: ['@stryker-mutator/jest-runner'],
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  coverageAnalysis: 'perTest',
  jest: { projectType: 'custom', config: jest, enableFindRelatedTests: false },
  mutate: [...mutate, '!**/*.{unit,int,e2e}.ts', '!**/index.ts'],
  ignorePatterns: [
    '*',
    '!tools/mutation/**',
    ...needs.map((folder) => `!${folder}/**`),
    // Linked into the copy, not copied.
    '**/node_modules',
    '**/dist/**',
  ],
  // Outside the tree: whoever looks for tests or packages meanwhile finds each once.
  tempDirName: path.join(tmpdir(), `tallystick-mutation-${name}`),
  cleanTempDir: 'always',
  disableTypeChecks: true,
  // Each run of a test leaves modules behind that Node never forgets.
  maxTestRunnerReuse: 40,
  timeoutMS: 10_000,
  timeoutFactor: 3,
  concurrency: Number(process.env.TALLYSTICK_MUTATION_CONCURRENCY ?? '2'),
  // Tests are told apart by their names alone, so nothing is taken as known; what was not asked for keeps its last result.
  incremental: true,
  force: true,
  incrementalFile: `node_modules/.cache/mutation/${name}.incremental.json`,
  reporters: ['clear-text', 'json'],
  clearTextReporter: { logTests: false, allowColor: false, reportTests: false },
  jsonReporter: { fileName: `node_modules/.cache/mutation/${name}.json` },
  thresholds: { high: 95, low: 85, break: 85 },
  allowEmpty: false,
  ...rest,
});
