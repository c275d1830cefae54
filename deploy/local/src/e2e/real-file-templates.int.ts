import path from 'node:path';
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ReceiptFact } from '@tallystick/rulebook';
import { deliveriesOf, type Delivery } from './real-file/deliveries.js';
import { firstDifference } from './real-file/reckoning.js';
import {
  readRetailFile,
  retailFile,
  retailFileIsHere,
  type RetailLine,
} from './real-file/retail-file.js';
import { schemes } from './real-file/second-schemes.js';
import { reckon } from './real-file/second-templates.js';
import { templates } from './real-file/templates.js';
import { playThrough, receiptsOfFile } from './real-file/through-the-domain.js';
import { say, timed } from './tools/say.js';

jest.setTimeout(5 * 60_000);

/** Where continuous integration runs, the file is there: that it is not is then a failure. */
const describeWithFile =
  retailFileIsHere || process.env['CI'] === 'true' ? describe : describe.skip;
if (!retailFileIsHere) say(`THE REAL FILE IS NOT HERE: ${retailFile}. Its tests are skipped.`);

/**
 * Each template over the real file, with receipts that come late or twice and members who spend, against a second reckoning that shares no code:
 * level, discount and points of each receipt, and what each account has after each step.
 */
describeWithFile(`the real file (${path.basename(retailFile)})`, () => {
  let lines: readonly RetailLine[];
  let deliveries: readonly Delivery[];
  let facts: ReadonlyMap<string, ReceiptFact>;

  beforeAll(async () => {
    lines = readRetailFile();
    deliveries = deliveriesOf(lines);
    facts = await timed('reading', receiptsOfFile);
  });

  it.each(Object.entries(templates()))('under %s', async (name, versions) => {
    const scheme = schemes[name];
    if (scheme === undefined) throw new Error(`nobody reckons ${name} a second time`);
    const second = await timed(`${name}, reckoned`, () =>
      Promise.resolve(reckon(lines, deliveries, scheme)),
    );
    const played = await timed(`${name}, played`, () =>
      Promise.resolve(playThrough(facts, deliveries, versions)),
    );
    expect(firstDifference(second, played)).toBeNull();
    expect(played.facts).toEqual(second.facts);
    expect(played.lines).toEqual(second.lines);
    say(`${name}: ${second.accounts.size} accounts equal; ${JSON.stringify(second.facts)}`);
  });
});
