import { jestFor } from './jest.mjs';
import { strykerFor } from './stryker.mjs';

const ledger = 'libs/domain/ledger';
/** What decides by the ledger, and tests it with what tills send: rating again and goods that come back are tried there. */
const receipts = 'libs/domain/receipts';
const accrual = 'services/accrual';

/** The pure ledger, under its unit tests and those of who decides by it. */
export default strykerFor('ledger', {
  mutate: [`${ledger}/src/**/*.ts`],
  needs: [ledger, receipts, accrual],
  jest: jestFor('unit', {
    tests: [
      `${ledger}/src/**/*.unit.ts`,
      `${receipts}/src/**/*.unit.ts`,
      `${accrual}/src/settle/*goods*.unit.ts`,
      `${accrual}/src/reratings/*.unit.ts`,
    ],
    // Who imports the ledger by its name gets the one with the planted bug.
    moduleNameMapper: {
      '^(\\.{1,2}/.*)\\.js$': '$1',
      '^@tallystick/ledger$': `<rootDir>/${ledger}/src/index.ts`,
    },
  }),
});
