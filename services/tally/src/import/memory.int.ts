import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runSource } from '@tallystick/testing';

/** Heap that the process may keep: a fraction of what the larger file's text takes. */
const heapMiBMax = 48;
/** What the memory of one process may differ by from run to run. */
const noiseMiB = 40;

const rowsOfInvoice = 12;

/** A file of invoices like the real one's, every twentieth in two places. */
function* invoices(rows: number): Generator<string> {
  yield 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n';
  for (let number = 0; number < rows / rowsOfInvoice; number += 1) {
    const apart = number % 20 === 0 ? -1 : 0;
    const lines = Array.from({ length: rowsOfInvoice }, (_, line) => {
      const invoice = line === 0 ? Math.max(0, number + apart) : number;
      return `${invoice},P${(number * line) % 4_000},"A THING, NUMBER ${line}",${line + 1},2011-03-01 09:00:00,2.95,${invoice % 5_000}.0,United Kingdom\n`;
    });
    yield lines.join('');
  }
}

describe('the memory of an import', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tally-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const dryRun = async (rows: number) => {
    const file = join(folder, `${rows}.csv.gz`);
    await pipeline(
      Readable.from(invoices(rows)),
      createGzip({ level: 1 }),
      createWriteStream(file),
    );
    const tally = runSource(
      new URL('../main.ts', import.meta.url),
      ['import', file, '--mapping', 'online-retail', '--program', 'shop', '--dry-run', '--json'],
      { heapMiBMax },
    );
    let json = '';
    for await (const line of tally.lines) json += line;
    expect(await tally.ended).toBe(0);
    return JSON.parse(json) as {
      rows: { total: number; byOutcome: { readable: { total: number } } };
      rowsHeldPeak: number;
      peakMemoryMiB: number;
    };
  };

  it('does not grow with the file: ten times the rows take the same', async () => {
    const small = await dryRun(24_000);
    const large = await dryRun(240_000);
    expect(small.rows).toMatchObject({ total: 24_000, byOutcome: { readable: { total: 24_000 } } });
    expect(large.rows).toMatchObject({
      total: 240_000,
      byOutcome: { readable: { total: 240_000 } },
    });
    expect(large.rowsHeldPeak).toBe(small.rowsHeldPeak);
    expect(large.peakMemoryMiB).toBeLessThan(small.peakMemoryMiB + noiseMiB);
  }, 180_000);
});
