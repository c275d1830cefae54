import { expect } from '@jest/globals';
import { nothing, rowsOf, type MigrationCases } from '../migration-case.js';

export const busCases: MigrationCases = {
  '0001-bus': {
    before: nothing,
    after: async (db) => {
      await db.query(`select ensure_topics(array['t'], array[1])`);
      await db.query(`select join_group('g', array['t'])`);
      await db.query(
        `select publish(array[id, id], array['k', 'k'], array['1', '2'], array['{}', '{}'], array['a', 'b'])
           from partitions`,
      );
      expect(await rowsOf(db, 'select "offset", value from messages order by 1')).toEqual([
        { offset: 0n, value: 'a' },
        { offset: 1n, value: 'b' },
      ]);
      const settle = `select settle(id, 0, 2, array[1]::bigint[], array['poison'], array['k'], array[null]::text[]) as moved
        from positions`;
      expect(await rowsOf(db, settle)).toEqual([{ moved: true }]);
      expect(await rowsOf(db, settle)).toEqual([{ moved: false }]);
      expect(await rowsOf(db, 'select "offset", value, reason from dead_letters')).toEqual([
        { offset: 1n, value: 'b', reason: 'poison' },
      ]);
      expect(await rowsOf(db, `select prune('0', 10) as pruned`)).toEqual([{ pruned: 2 }]);
    },
  },
};
