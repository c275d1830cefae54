import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { openWindow, type Group } from './window.js';

interface Numbered {
  readonly key: string;
  readonly row: number;
}

const run = (keys: readonly (string | null)[], limits: { rows: number; rowsHeld: number }) => {
  const window = openWindow<Numbered>(limits);
  const groups: Group<Numbered>[] = [];
  const late: Numbered[] = [];
  let heldPeak = 0;
  for (const [row, key] of keys.entries()) {
    if (key === null) window.pass();
    else if (window.take(key, { key, row }) === 'late') late.push({ key, row });
    groups.push(...window.leaving());
    heldPeak = Math.max(heldPeak, window.rowsHeld());
  }
  groups.push(...window.end());
  return { groups, late, heldPeak, heldAtEnd: window.rowsHeld() };
};

const keysOf = (groups: readonly Group<Numbered>[]): readonly string[] =>
  groups.map(({ key }) => key);

describe('the window over the rows of a file', () => {
  it('brings a receipt together that stands in two places, and keeps the order of first rows', () => {
    const { groups, late } = run(['a', 'a', 'b', 'a', 'c'], { rows: 3, rowsHeld: 100 });
    expect(groups).toEqual([
      {
        key: 'a',
        rows: [
          { key: 'a', row: 0 },
          { key: 'a', row: 1 },
          { key: 'a', row: 3 },
        ],
      },
      { key: 'b', rows: [{ key: 'b', row: 2 }] },
      { key: 'c', rows: [{ key: 'c', row: 4 }] },
    ]);
    expect(late).toEqual([]);
  });

  it('lets a receipt go when the limit of rows has passed since its last, and calls a later row late', () => {
    const { groups, late } = run(['a', 'b', 'b', 'b', 'a'], { rows: 3, rowsHeld: 100 });
    expect(keysOf(groups)).toEqual(['a', 'b']);
    expect(late).toEqual([{ key: 'a', row: 4 }]);
    expect(run(['a', 'b', 'b', 'a'], { rows: 3, rowsHeld: 100 }).late).toEqual([]);
  });

  it('counts rows that belong to no receipt as passed', () => {
    expect(run(['a', null, null, null, 'a'], { rows: 3, rowsHeld: 100 }).late).toHaveLength(1);
  });

  it('with a limit of nothing lets every row go at once', () => {
    const { groups, heldPeak } = run(['a', 'b', 'c'], { rows: 0, rowsHeld: 100 });
    expect(keysOf(groups)).toEqual(['a', 'b', 'c']);
    expect(heldPeak).toBe(0);
  });

  it('keeps receipts waiting behind one that goes on, but never holds more than its limit', () => {
    const keys = Array.from({ length: 5_000 }, (_, row) => (row % 5 === 0 ? 'long' : `s${row}`));
    const { groups, heldPeak, late } = run(keys, { rows: 10, rowsHeld: 1_000 });
    expect(heldPeak).toBeLessThanOrEqual(1_000);
    expect(groups[0]?.key).toBe('long');
    expect(groups.flatMap(({ rows }) => rows).length + late.length).toBe(5_000);
    expect(late.every(({ key }) => key === 'long')).toBe(true);
  });

  it('loses and doubles no row of any interleaving whose gaps are within the limit', () => {
    const limit = 12;
    // Each step goes on with one of the receipts whose last row is near enough, or begins another.
    const interleaving = fc.array(fc.nat({ max: 5 }), { maxLength: 400 }).map((choices) => {
      const last = new Map<string, number>();
      return choices.map((choice, row) => {
        const near = [...last].filter(([, at]) => row - at <= limit).map(([key]) => key);
        const key = near[choice] ?? `r${last.size}`;
        last.set(key, row);
        return key;
      });
    });
    fc.assert(
      fc.property(interleaving, (keys) => {
        const { groups, late, heldAtEnd } = run(keys, { rows: limit, rowsHeld: 100_000 });
        expect(late).toEqual([]);
        expect(heldAtEnd).toBe(0);
        const rows = groups.flatMap((group) => group.rows.map(({ row }) => row));
        expect([...rows].sort((a, b) => a - b)).toEqual(keys.map((_, row) => row));
        // One group a receipt, in the order of their first rows, each with its rows in order.
        expect(keysOf(groups)).toEqual([...new Set(keys)]);
        for (const group of groups) {
          expect(group.rows.every(({ key }) => key === group.key)).toBe(true);
          expect(group.rows.map(({ row }) => row)).toEqual(
            keys.flatMap((key, row) => (key === group.key ? [row] : [])),
          );
        }
      }),
    );
  });

  it('accounts for every row of any interleaving at all, once', () => {
    const keys = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'), { maxLength: 300 });
    fc.assert(
      fc.property(
        keys,
        fc.nat({ max: 6 }),
        fc.integer({ min: 1, max: 20 }),
        (file, rows, rowsHeld) => {
          const { groups, late } = run(file, { rows, rowsHeld });
          const all = [...groups.flatMap((group) => group.rows), ...late].map(({ row }) => row);
          expect(all.sort((a, b) => a - b)).toEqual(file.map((_, row) => row));
          expect(new Set(keysOf(groups)).size).toBe(groups.length);
        },
      ),
    );
  });
});
