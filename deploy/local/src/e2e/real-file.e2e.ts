import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { StoreDigest } from '@tallystick/event-store';
import { balancesOf } from './real-file/balances.js';
import { importCutOff, tenCuts } from './real-file/cuts.js';
import { countsOf, outputOf, publish, startImport } from './real-file/importing.js';
import { flat, ladder, type Programme } from './real-file/programmes.js';
import {
  readRetailFile,
  retailFile,
  retailFileIsHere,
  type RetailLine,
} from './real-file/retail-file.js';
import { compute, invoicesOf } from './real-file/second-computation.js';
import { at, clientOf, everywhere, type Client } from './tools/client.js';
import { makeDataFolder, removeDataFolder } from './tools/data-folders.js';
import { replay, viewDigests } from './tools/replay.js';
import { say, timed } from './tools/say.js';
import { differingStreams, digestOf } from './tools/store.js';
import { startSystemProcess, type SystemProcess } from './tools/system-process.js';

const minutesMs = 60_000;
jest.setTimeout(25 * minutesMs);

/** Where continuous integration runs, the file is there: that it is not is then a failure. */
const mustBeHere = process.env['CI'] === 'true';
const describeWithFile = retailFileIsHere || mustBeHere ? describe : describe.skip;
if (!retailFileIsHere) say(`THE REAL FILE IS NOT HERE: ${retailFile}. Its tests are skipped.`);

describeWithFile(`the real file (${path.basename(retailFile)})`, () => {
  let lines: readonly RetailLine[];
  let system: SystemProcess;
  const folders: string[] = [];
  const running: SystemProcess[] = [];
  /** What an import under the flat programme leaves, when nothing cuts it off. */
  let uncut: { readonly digest: StoreDigest; readonly views: unknown[] };

  const startSystem = async (keysFrom?: string): Promise<SystemProcess> => {
    const folder = await makeDataFolder();
    folders.push(folder);
    if (keysFrom !== undefined)
      await copyFile(path.join(keysFrom, 'keys.json'), path.join(folder, 'keys.json'));
    const started = await startSystemProcess(folder);
    running.push(started);
    return started;
  };
  const as = (of: SystemProcess, role: 'auditor' | 'ops'): Promise<Client> =>
    clientOf(of, { sub: role, roles: [role], ...everywhere });

  beforeAll(async () => {
    if (!retailFileIsHere) throw new Error(`there is no ${retailFile}`);
    lines = readRetailFile();
    system = await startSystem();
  });
  afterAll(async () => {
    for (const one of running) await one.stop();
    for (const folder of folders) await removeDataFolder(folder);
  });

  /** Everything that the second computation says of a file, against what the import says and what the accounts have. */
  const expectAsComputed = async (programme: Programme, printed: unknown): Promise<void> => {
    const computed = compute(lines, programme.levels);
    expect(printed).toMatchObject({
      addsUp: true,
      unchanged: false,
      rows: { total: lines.length },
      receipts: { new: invoicesOf(lines).length, known: 0, refused: 0 },
      members: { enrolled: computed.cards.size, alreadyEnrolled: 0 },
      points: {
        ofFile: { earned: Number(computed.earned), reversed: Number(computed.reversed) },
      },
      rejectsFile: null,
    });
    expect(countsOf(at(printed, 'rows', 'byOutcome'))).toEqual(computed.lines);
    expect(countsOf(at(printed, 'receipts', 'byOutcome'))).toEqual(computed.receipts);

    const balances = await balancesOf(system, programme.id, [...computed.cards.keys()]);
    const differing = [...computed.cards].flatMap(([card, { earned, reversed }]) => {
      const balance = Number(earned - reversed);
      const { viewed, folded, answered = balance } = balances.get(card) ?? {};
      const equal = viewed === balance && folded === balance && answered === balance;
      return equal ? [] : [{ card, balance, viewed, folded, answered }];
    });
    expect(differing).toEqual([]);
    say(
      `${programme.id}: ${lines.length} lines, ${invoicesOf(lines).length} receipts, ${computed.cards.size} cards equal; ` +
        `${computed.earned} earned, ${computed.reversed} reversed`,
    );

    const auditor = await as(system, 'auditor');
    const balance = await auditor('reporting', `/v1/reports/${programme.id}/trial-balance`);
    expect(balance.body).toMatchObject({ sum: 0, balanced: true, differenceCount: 0 });
    const receipts = await auditor('reporting', `/v1/reports/${programme.id}/receipts`);
    expect(at(receipts.body, 'total')).toBe(invoicesOf(lines).length);
  };
  const replayed = async (of: SystemProcess): Promise<unknown[]> => {
    const report = await replay(await as(of, 'ops'));
    expect(report).toMatchObject({ status: 'done', equal: true, caughtUp: true });
    const digests = viewDigests(report);
    expect(digests.length).toBeGreaterThan(0);
    return digests;
  };

  it('is what its description says', () => {
    expect(lines).toHaveLength(245_903);
    expect(invoicesOf(lines)).toHaveLength(12_795);
    const { lines: outcomes } = compute(lines, flat.levels);
    expect(outcomes).toMatchObject({
      earned: { '': 171_939 },
      nothing: { 'excluded-category:non-goods': 696, free: 13, 'no-card': 67_296 + 253 + 1_465 },
    });
  });

  it('comes to what the second computation says, under a flat programme', async () => {
    await publish(system, flat);
    const printed: unknown = JSON.parse(
      await timed('import', () => outputOf(startImport(system, flat, '--json'))),
    );
    const views = await replayed(system);
    await expectAsComputed(flat, printed);
    uncut = { digest: await digestOf(await system.databaseUrl()), views };
  });

  it('changes nothing when it is imported again, and says so', async () => {
    const printed = await timed('second import', () => outputOf(startImport(system, flat)));
    expect(printed).toContain('Nothing changed: all 12,795 receipts were already known.');
    expect(await replayed(system)).toEqual(uncut.views);
    const digest = await digestOf(await system.databaseUrl());
    expect(digest.all).toBe(uncut.digest.all);
  });

  it('comes to the same, to the byte, when it is cut off ten times', async () => {
    const cut = await startSystem(system.dataDir);
    await publish(cut, flat);
    const cuts = tenCuts();
    const printed: unknown = JSON.parse(
      await timed('import, cut off ten times', () =>
        importCutOff(cut, flat, cuts, BigInt(uncut.digest.events)),
      ),
    );
    expect(printed).toMatchObject({ addsUp: true, rows: { total: lines.length } });
    expect(await replayed(cut)).toEqual(uncut.views);
    const digest = await digestOf(await cut.databaseUrl());
    expect(differingStreams(digest, uncut.digest)).toEqual([]);
    expect(digest.all).toBe(uncut.digest.all);
    say(`${digest.events} events in ${digest.streams.size} streams, digest ${digest.all}`);
    await cut.stop();
  });

  it('comes to what the second computation says, under a ladder of tiers', async () => {
    await publish(system, ladder);
    const printed: unknown = JSON.parse(
      await timed('import', () => outputOf(startImport(system, ladder, '--json'))),
    );
    await replayed(system);
    await expectAsComputed(ladder, printed);
    const { ratedAtLevel } = compute(lines, ladder.levels);
    say(`receipts rated at bronze, silver, gold: ${ratedAtLevel.join(', ')}`);
  });
});
