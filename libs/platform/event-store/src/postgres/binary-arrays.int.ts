import { describe, expect, it } from '@jest/globals';
import { createPool } from '@tallystick/postgres';
import { testDatabase } from '@tallystick/testing';
import { intArray, textArray, uuidArray } from './binary-arrays.js';

describe('arrays in PostgreSQL’s binary form', () => {
  it('arrive as they were sent', async () => {
    const database = await testDatabase();
    const db = createPool(database.url);
    const texts = ['', 'a', `"quoted", {back\\slash}`, 'ä€😀', 'x'.repeat(70_000), 'NULL'];
    const numbers = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 256];
    const ids = [
      '00000000-0000-0000-0000-000000000000',
      'f1c6c0de-1234-4000-8000-0123456789ab',
      'ffffffff-ffff-ffff-ffff-ffffffffffff',
    ];
    const read = async (values: readonly [Buffer, Buffer, Buffer]) => {
      const { rows } = await db.query<{ t: unknown; n: unknown; u: unknown; from: number }>({
        text: 'select $1::text[] as t, $2::integer[] as n, $3::uuid[]::text[] as u, array_lower($1::text[], 1) as from',
        values: [...values],
      });
      return rows[0];
    };
    try {
      expect(await read([textArray(texts), intArray(numbers), uuidArray(ids)])).toEqual({
        ...{ t: texts, n: numbers, u: ids },
        from: 1,
      });
      expect(await read([textArray([]), intArray([]), uuidArray([])])).toMatchObject({
        ...{ t: [], n: [], u: [] },
      });
    } finally {
      await db.end();
      await database.drop();
    }
  });
});
