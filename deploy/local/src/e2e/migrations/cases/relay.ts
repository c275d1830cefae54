import { expect } from '@jest/globals';
import { nothing, rowsOf, type MigrationCases } from '../migration-case.js';

export const relayCases: MigrationCases = {
  '0001-relay': {
    before: nothing,
    after: async (db) => {
      const move = `select store_position('events', $1, $2) as moved`;
      expect(await rowsOf(db, move, [0, 5])).toEqual([{ moved: true }]);
      // Another relay that still believes to be at the beginning, and one that would go back.
      expect(await rowsOf(db, move, [0, 7])).toEqual([{ moved: false }]);
      expect(await rowsOf(db, move, [5, 4])).toEqual([{ moved: false }]);
      expect(await rowsOf(db, 'select relay, position from positions')).toEqual([
        { relay: 'events', position: 5n },
      ]);
    },
  },
};
