import { jestFor } from './jest.mjs';
import { strykerFor } from './stryker.mjs';

/** The accounts' states, kept between commands, on a real store. */
export default strykerFor('accounts', {
  mutate: ['libs/platform/accounts/src/**/*.ts'],
  needs: ['libs/platform/accounts'],
  jest: jestFor('int', {
    tests: ['libs/platform/accounts/src/**/*.{unit,int}.ts'],
    testTimeout: 12_000,
  }),
});
