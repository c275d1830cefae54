/**
 * Jest's configuration for mutation runs: one suite of the given tests, in a copy of the tree that holds what is mutated.
 * `tooLong`: how the names of tests begin that are left out. `TALLYSTICK_MUTATION_TESTS` (globs, with commas) names other tests.
 */
import base from '../../jest.config.mjs';

export const jestFor = (kind, { tests, tooLong = [], ...rest }) => {
  const project = base.projects.find(({ displayName }) => displayName === kind);
  const { displayName: _name, globalSetup: _setup, globalTeardown: _teardown, ...common } = project;
  const chosen = process.env.TALLYSTICK_MUTATION_TESTS?.split(',') ?? tests;
  return {
    ...common,
    testEnvironment: './tools/mutation/environment.cjs',
    testMatch: ['<rootDir>/tools/mutation/suite.mjs'],
    globals: { mutationTests: JSON.stringify(chosen), mutationTooLong: JSON.stringify(tooLong) },
    testTimeout: base.testTimeout,
    watchman: false,
    ...rest,
  };
};
