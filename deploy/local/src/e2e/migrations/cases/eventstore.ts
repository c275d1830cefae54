import { expect } from '@jest/globals';
import { nothing, rowsOf, type MigrationCases } from '../migration-case.js';

const append = `select last_position, actual from eventstore.append(
  array['ledger-p-a'], $1::integer[], array['ledger-p-a'], $2::integer[], $3::uuid[], array['Noted'], array[1], array['{}'], array['{}'])`;
const id = (nth: number): string => `00000000-0000-5000-8000-00000000000${nth}`;

export const eventStoreCases: MigrationCases = {
  '0001-events': {
    before: nothing,
    after: async (db) => {
      expect(await rowsOf(db, append, [[-1], [0], [id(1)]])).toEqual([
        { last_position: 1n, actual: null },
      ]);
      expect(await rowsOf(db, append, [[-1], [0], [id(2)]])).toEqual([
        { last_position: null, actual: [0] },
      ]);
      await expect(db.query(append, [[0], [1], [id(1)]])).rejects.toThrow('events_id');
      expect(
        await rowsOf(db, 'select position, stream, revision, category, id from events'),
      ).toEqual([
        { position: 1n, stream: 'ledger-p-a', revision: 0, category: 'ledger', id: id(1) },
      ]);
      for (const change of [
        `update events set data = '1'`,
        'delete from events',
        'truncate events',
      ])
        await expect(db.query(change)).rejects.toThrow('events are never changed or removed');
    },
  },
};
