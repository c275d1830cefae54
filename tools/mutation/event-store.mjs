import { jestFor } from './jest.mjs';
import { strykerFor } from './stryker.mjs';

const folder = 'libs/platform/event-store';

/** Tests that kill servers or fill them, hundreds of times over, would take days. */
const tooLong = [
  'takes no more memory for ten times the events',
  'is one and the same for every reader while 64 writers',
  'holds every acknowledged event when writers are killed',
];

/** An adapter of the event store, under its contract and its own tests. `files` and `tests` are below src. */
export const adapter = (name, { files, tests }) =>
  strykerFor(name, {
    mutate: [...files.map((glob) => `${folder}/src/${glob}`), '!**/in-process.ts'],
    needs: [folder],
    jest: jestFor('int', {
      tests: tests.map((glob) => `${folder}/src/${glob}`),
      tooLong,
      testTimeout: 12_000,
    }),
  });
