import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { linesOf } from './lines.js';
import { rowLinesMax, rowsOf, type Row, type RowFormat } from './rows.js';

const csv: RowFormat = { separator: ',', quote: '"', columns: null };

async function* inPieces(text: string, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const read = async (
  text: string,
  format: Partial<RowFormat> = {},
  size = 65_536,
): Promise<Row[]> => {
  const rows: Row[] = [];
  for await (const block of rowsOf(linesOf(inPieces(text, size), 'utf-8'), { ...csv, ...format }))
    rows.push(...block);
  return rows;
};
const cells = (rows: readonly Row[]): readonly (readonly string[] | string)[] =>
  rows.map((row) => (row.kind === 'row' ? row.cells : row.why));

describe('the rows of a file', () => {
  it('are its lines, with the number that an editor shows', async () => {
    expect(await read('a,b\n1,2\n\n3,4')).toEqual([
      { kind: 'row', line: 1, lines: 1, cells: ['a', 'b'] },
      { kind: 'row', line: 2, lines: 1, cells: ['1', '2'] },
      { kind: 'row', line: 4, lines: 1, cells: ['3', '4'] },
    ]);
  });

  it('may end in CRLF, begin with a byte order mark, and be cut anywhere', async () => {
    const text = '\uFEFFname,price\r\n"crème, brûlée",£1\r\n';
    for (let size = 1; size < 12; size += 1)
      expect(cells(await read(text, {}, size))).toEqual([
        ['name', 'price'],
        ['crème, brûlée', '£1'],
      ]);
  });

  it('may hold separators, quotes and line ends inside quotes', async () => {
    const rows = await read('a,b\n"x, ""y""\n\nz",1\n2,3\n');
    expect(rows).toEqual([
      { kind: 'row', line: 1, lines: 1, cells: ['a', 'b'] },
      { kind: 'row', line: 2, lines: 3, cells: ['x, "y"\n\nz', '1'] },
      { kind: 'row', line: 5, lines: 1, cells: ['2', '3'] },
    ]);
  });

  it('may hold a quote that encloses nothing', async () => {
    expect(cells(await read('a,b\n5" pipe,1\n"x"y,2\n'))).toEqual([
      ['a', 'b'],
      ['5" pipe', '1'],
      ['"x"y', '2'],
    ]);
  });

  it('are separated by tabs where the mapping says so, and quotes may mean nothing', async () => {
    expect(cells(await read('a\tb\n"x\t5"\n', { separator: '\t', quote: null }))).toEqual([
      ['a', 'b'],
      ['"x', '5"'],
    ]);
  });

  it('lose only the line in which a quote is opened and never closed', async () => {
    const good = Array.from({ length: 2_000 }, (_, index) => `${index},"n ${index}"`);
    const text = ['a,b', ...good.slice(0, 700), '700,"oops', ...good.slice(700)].join('\n');
    const rows = await read(text);
    expect(rows.filter((row) => row.kind === 'broken')).toEqual([
      { kind: 'broken', line: 702, lines: 1, why: 'quote-not-closed' },
    ]);
    expect(rows.filter((row) => row.kind === 'row')).toHaveLength(2_001);
  });

  it('lose only that line at the end of the file too', async () => {
    expect(cells(await read('a,b\n1,2\n3,"x\n4,5'))).toEqual([
      ['a', 'b'],
      ['1', '2'],
      'quote-not-closed',
      ['4', '5'],
    ]);
  });

  it('take in no more lines than the limit', async () => {
    const within = `a,b\n1,"${'x\n'.repeat(rowLinesMax - 1)}y"\n2,3\n`;
    expect(await read(within)).toHaveLength(3);
    const beyond = `a,b\n1,"${'x\n'.repeat(rowLinesMax)}y"\n2,3\n`;
    expect((await read(beyond))[1]).toMatchObject({ kind: 'broken' });
  });

  it('have a limit to the length of a line', async () => {
    await expect(read('x'.repeat(2_000_000))).rejects.toThrow('line 1 has no end within');
  });

  it('come out as they went in, whatever is in them', async () => {
    const cell = fc.string({
      unit: fc.constantFrom('a', '1', ' ', ',', '"', '\n', '£', '😀', ';'),
      maxLength: 8,
    });
    const file = fc.array(fc.tuple(fc.constantFrom('k', 'm'), cell, cell), {
      minLength: 1,
      maxLength: 1_200,
    });
    await fc.assert(
      fc.asyncProperty(file, fc.integer({ min: 1, max: 5_000 }), async (rows, size) => {
        const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
        const text = rows.map((row) => row.map(quoted).join(',')).join('\n');
        expect(cells(await read(text, { columns: 3 }, size))).toEqual(rows);
      }),
      { numRuns: 40 },
    );
  });
});
