import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { everywhere } from '../tools/client.js';
import { startProgram, tallyProgram } from '../tools/programs.js';
import type { ToldHouse } from './told-house.js';

/** Runs `tally import` with a file of one sale, in the caller's trace; it tells the same receiver as the services. */
export const importSale = async (
  told: ToldHouse,
  program: string,
  card: string,
  traceparent: string,
): Promise<void> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'tallystick-told-'));
  try {
    const file = path.join(folder, 'sales.csv');
    await writeFile(file, `date,card,amount\n2026-05-04,${card},12.00\n`);
    const addresses = Object.entries(told.urls).map(
      ([service, url]) => [`TALLYSTICK_${service.toUpperCase()}_URL`, url] as const,
    );
    const run = startProgram(
      tallyProgram,
      ['import', file, '--mapping', 'sales-without-lines', '--program', program, '--json'],
      {
        ...Object.fromEntries(addresses),
        TALLYSTICK_TOKEN: await told.tokenFor({ sub: 'tally', roles: ['store'], ...everywhere }),
        TALLYSTICK_OTLP_ENDPOINT: told.otlp.url,
        TRACEPARENT: traceparent,
      },
    );
    const ended = await run.ended;
    if (ended !== 0) throw new Error(`tally import ended with ${ended}: ${run.stderr()}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
