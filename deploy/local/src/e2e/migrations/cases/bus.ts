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
  '0002-dead-letters-end': {
    before: async (db) => {
      await db.query(`select ensure_topics(array['t'], array[1])`);
      await db.query(`select join_group('g', array['t'])`);
      await db.query(
        `select publish(array[id, id, id], array['k', 'card', 'k'], array['1', '2', '3'], array['{}', '{}', '{}'],
                        array['a', 'b', 'c'])
           from partitions`,
      );
      await db.query(
        `select settle(id, 0, 2, array[0, 1]::bigint[], array['bad', 'bad'], array[null, 'token']::text[],
                       array[null, 'b without the card']::text[])
           from positions`,
      );
    },
    after: async (db) => {
      const kept = 'select "offset", key, value, replaced, ended_how from dead_letters order by 1';
      const [first, second] = [
        { offset: 0n, key: 'k', value: 'a', replaced: false, ended_how: null },
        { offset: 1n, key: 'token', value: 'b without the card', replaced: true, ended_how: null },
      ];
      expect(await rowsOf(db, kept)).toEqual([first, second]);
      await db.query(`select end_dead_letter('t', 0, 0, 'g', 'dropped', 'ops:ann')`);
      await db.query(
        `select settle(id, 2, 3, array[2]::bigint[], array['bad'], array['other'], array['c']) from positions`,
      );
      expect(await rowsOf(db, kept)).toEqual([
        { ...first, ended_how: 'dropped' },
        second,
        { offset: 2n, key: 'other', value: 'c', replaced: true, ended_how: null },
      ]);
    },
  },
};
