/**
 * Jest's configuration for mutation runs: one suite of the given tests, in a copy of the tree that holds what is mutated.
 * `tooLong`: how the names of tests begin that are left out.
 */
import base from '../../jest.config.mjs';

export const jestFor = (kind, { tests, tooLong = [], ...rest }) => {
  const project = base.projects.find(({ displayName }) => displayName === kind);
  const { displayName: _name, globalSetup: _setup, globalTeardown: _teardown, ...common } = project;
  return {
    ...common,
    testEnvironment: './tools/mutation/environment.cjs',
    testMatch: ['<rootDir>/tools/mutation/suite.mjs'],
    globals: { mutationTests: JSON.stringify(tests), mutationTooLong: JSON.stringify(tooLong) },
    testTimeout: base.testTimeout,
    watchman: false,
    ...rest,
  };
};
