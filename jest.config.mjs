/**
 * Three kinds of tests, told apart by the end of their names: `.unit.ts` (pure, beside the code),
 * `.int.ts` (real PostgreSQL), `.e2e.ts` (through the front door). One kind alone: `--selectProjects int`.
 */
/** Integration tests start databases and processes on machines that may be busy. Jest takes it for all projects only. */
const testTimeoutMs = 180_000;
/** A worker that has nothing open any more, and some 400 MB to give back, takes more than jest's half second on such a machine. */
const workerEndsWithinMs = 10_000;

const common = {
  testEnvironment: 'node',
  // Workspaces are taken from their sources: no build is needed to run a test.
  testEnvironmentOptions: { customExportConditions: ['@tallystick/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  // `js` comes first: some packages ship sources beside what they run.
  moduleFileExtensions: ['js', 'mjs', 'cjs', 'ts', 'json', 'node'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  setupFiles: ['reflect-metadata'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        sourceMaps: 'inline',
        module: { type: 'es6' },
        jsc: {
          target: 'es2024',
          keepClassNames: true,
          parser: { syntax: 'typescript', decorators: true },
          transform: {
            legacyDecorator: true,
            decoratorMetadata: true,
            verbatimModuleSyntax: true,
          },
        },
      },
    ],
  },
};

const realParts = {
  ...common,
  globalSetup: '<rootDir>/tools/jest/global-setup.mjs',
  globalTeardown: '<rootDir>/tools/jest/global-teardown.mjs',
};

const roots = ['libs', 'services', 'deploy', 'tools'];
const matching = (kind) => ({
  displayName: kind,
  testMatch: roots.map((root) => `<rootDir>/${root}/**/*.${kind}.ts`),
});

export default {
  maxWorkers: 2,
  testTimeout: testTimeoutMs,
  workerGracefulExitTimeout: workerEndsWithinMs,
  watchman: false,
  projects: [
    { ...common, ...matching('unit') },
    { ...realParts, ...matching('int') },
    { ...realParts, ...matching('e2e') },
  ],
};
