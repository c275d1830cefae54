import { jestFor } from './jest.mjs';
import { strykerFor } from './stryker.mjs';

/** The pure ledger, under its unit tests. */
export default strykerFor('ledger', {
  mutate: ['libs/domain/ledger/src/**/*.ts'],
  needs: ['libs/domain/ledger'],
  jest: jestFor('unit', { tests: ['libs/domain/ledger/src/**/*.unit.ts'] }),
});
