import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { rulebook } from './front-door/house.js';
import { at, listAt, numberAt, textAt } from './tools/client.js';
import { makeDataFolder, removeDataFolder } from './tools/data-folders.js';
import { root } from './tools/programs.js';
import { startSystemProcess, type SystemProcess } from './tools/system-process.js';
import { startTally, tally } from './tools/tally.js';

jest.setTimeout(300_000);

/** One row per sale, without lines, as a small shop has it. */
const sales = `date\tcard\tamount
2026-05-04\t100-1\t12.50
2026-05-04\t100-2\t80.00
2026-05-04\t\t7.00
2026-05-05\t100-1\t-2.50
2026-05-05\t100-3\ttwelve
2026-05-06\t100-2\t9.99
`;

describe('tally', () => {
  const program = 'e2e-tally';
  let folder: string;
  let files: string;
  let system: SystemProcess | undefined;
  beforeAll(async () => {
    folder = await makeDataFolder();
    files = await makeDataFolder();
    system = await startSystemProcess(folder);
    await writeFile(inFiles('rulebook.yaml'), rulebook(program));
    await writeFile(inFiles('sales.tsv'), sales);
    const mapping = await readFile(
      path.join(root, 'services/tally/mappings/sales-without-lines.yaml'),
      'utf8',
    );
    const tabs = mapping.replace("separator: ','", 'separator: tab');
    await writeFile(
      inFiles('mapping.yaml'),
      tabs.replace('card: { column: card }', `card: { column: card, removeCharacters: '-' }`),
    );
  });
  afterAll(async () => {
    await system?.stop();
    await removeDataFolder(folder);
    await removeDataFolder(files);
  });
  const inFiles = (name: string): string => path.join(files, name);
  const running = (): SystemProcess => {
    if (system === undefined) throw new Error('the system did not start');
    return system;
  };
  const command = (...args: readonly string[]): Promise<unknown> => tally(running(), args);
  /** Two people, as the command asks for them. */
  const putInForce = async (file: string, of: string): Promise<unknown> => {
    const proposed = await command('program', 'propose', file, '--as', 'ann');
    const hash = textAt(proposed, 'hash').slice(0, 12);
    return command('program', 'approve', '--program', of, '--hash', hash, '--as', 'bob');
  };
  const importSales = (exitCode: number, ...more: readonly string[]): Promise<unknown> => {
    const options = ['--mapping', inFiles('mapping.yaml'), '--program', program];
    const rejects = ['--rejects', inFiles('rejects.csv')];
    return tally(
      running(),
      ['import', inFiles('sales.tsv'), ...options, ...rejects, ...more],
      exitCode,
    );
  };
  const ofCard = (name: string, card: string): Promise<unknown> =>
    command(name, '--program', program, '--card', card);

  it('puts a rulebook in force that two people sign, and enrols members right after', async () => {
    // The first thing that is asked of enrollment, which hears of the programme over the bus.
    const fresh = 'e2e-tally-fresh';
    await writeFile(inFiles('fresh.yaml'), rulebook(fresh));
    await writeFile(inFiles('one.csv'), 'date,card,amount\n2026-05-04,7,5.00\n');
    expect(await command('program', 'propose', inFiles('fresh.yaml'))).toMatchObject({
      status: 'proposed',
    });
    const seen = await command('program', 'approve', '--program', fresh);
    expect(listAt(seen, 'changes').map((one) => textAt(one, 'what'))).toContain(
      'earning rule base',
    );
    const hash = textAt(seen, 'hash').slice(0, 12);
    const approve = ['program', 'approve', '--program', fresh, '--hash', hash];
    const refused = startTally(running(), approve);
    expect([await refused.ended, refused.stderr()]).toEqual([
      5,
      expect.stringContaining('rulebook-same-person'),
    ]);
    expect(await command(...approve, '--as', 'bob')).toMatchObject({
      ...{ version: 1, status: 'approved', proposedBy: 'tally', approvedBy: 'bob' },
    });
    const mapping = ['--mapping', 'sales-without-lines', '--program', fresh, '--enroll'];
    expect(await command('import', inFiles('one.csv'), ...mapping)).toMatchObject({
      members: { enrolled: 1 },
      points: { ofFile: { earned: 5 } },
    });
    expect(await command('program', 'propose', inFiles('fresh.yaml'))).toMatchObject({
      status: 'approved',
    });
    const listed = await command('program', 'versions', '--program', fresh);
    expect(listAt(listed, 'versions')).toMatchObject([{ version: 1, approvedBy: 'bob' }]);
    expect(await command('program', 'budgets', '--program', fresh)).toMatchObject({ version: 1 });
    expect(await command('membership', '--program', fresh, '--card', '7')).toMatchObject({
      memberships: [],
    });
  });

  it('imports sales without lines; unknown cards wait, and rows that cannot be read are told', async () => {
    await putInForce(inFiles('rulebook.yaml'), program);
    const someRejected = 3;
    expect(await importSales(someRejected)).toMatchObject({
      addsUp: true,
      unchanged: false,
      rows: {
        total: 6,
        byOutcome: {
          waiting: { total: 4 },
          nothing: { total: 1, reasons: { 'no-card': 1 } },
          rejected: { total: 1, reasons: { 'quantity-unreadable': 1 } },
        },
      },
      receipts: { new: 5, known: 0 },
    });
    const rejects = await readFile(inFiles('rejects.csv'), 'utf8');
    expect(rejects.trim().split('\n')).toEqual([
      'line,code,explanation',
      expect.stringMatching(/^6,quantity-unreadable,"[^"]*"$/),
    ]);
    expect(rejects).not.toMatch(/100-?3/);
  });

  it('enrols the cards of the same file later, and every sale finds its account', async () => {
    const again = await importSales(3, '--enroll');
    expect(again).toMatchObject({ addsUp: true, receipts: { new: 0, known: 5 } });
    expect(await ofCard('balance', '1001')).toMatchObject({ available: 10, arrears: 0 });
    expect(await ofCard('balance', '1002')).toMatchObject({ available: 89 });
    const third = await importSales(3, '--enroll');
    expect(third).toMatchObject({
      unchanged: true,
      rows: { byOutcome: { earned: { total: 3 }, reversed: { total: 1 } } },
      points: { ofFile: { earned: 101, reversed: 2 } },
    });
  });

  it('shows why the points are there', async () => {
    const statement = await ofCard('statement', '1001');
    const entries = listAt(statement, 'entries');
    expect(entries.map((entry) => numberAt(entry, 'points'))).toEqual([-2, 12, 0]);
    for (const entry of entries) expect(textAt(entry, 'reason')).not.toBe('');
  });

  it('replays the store, and rebuilds the views', async () => {
    expect(await command('replay')).toMatchObject({ status: 'done', equal: true });
    expect(await command('replay', '--rebuild')).toMatchObject({ rebuilt: true, equal: true });
  });

  it('holds, releases and transfers points', async () => {
    const order = ['--card', '1002', '--points', '9', '--reference', 'order 1'];
    const placed = await command('hold', '--program', program, ...order, '--lapses-in', '2h');
    const hold = textAt(placed, 'hold');
    expect(placed).toMatchObject({ points: 9, available: 80 });
    expect(await ofCard('holds', '1002')).toMatchObject({ holds: [{ hold, points: 9, left: 9 }] });
    const released = await command('release', hold, '--program', program);
    expect(released).toMatchObject({ points: 9, available: 89 });
    expect(await ofCard('holds', '1002')).toMatchObject({ holds: [] });
    const present = ['--from-card', '1002', '--to-card', '1001', '--points', '5'];
    const back = ['--from-card', '1001', '--to-card', '1002', '--points', '5'];
    const of = ['--program', program];
    for (const way of [present, back]) {
      const why = ['--reason', 'a present', '--as', 'ann'];
      const asked = await command('transfer', ...of, ...way, ...why);
      expect(asked).toMatchObject({ points: 5, status: 'requested', requestedBy: 'ann' });
      const id = textAt(asked, 'transfer');
      const open = listAt(await command('transfers', ...of), 'transfers');
      expect(open.map((one) => at(one, 'transfer'))).toEqual([id]);
      const own = startTally(running(), ['approve', id, ...of, '--as', 'ann']);
      expect([await own.ended, own.stderr()]).toEqual([5, expect.stringContaining('same-person')]);
      expect(await command('approve', id, ...of, '--as', 'bob')).toMatchObject({
        ...{ status: 'applied', approvedBy: 'bob' },
      });
    }
  });

  it('redeems, captures and refunds by the ids that the statement shows', async () => {
    const of = ['--program', program];
    const till = ['--card', '1002', '--points', '10', '--reference', 'till 7'];
    const redeemed = await command('redeem', ...of, ...till);
    expect(redeemed).toMatchObject({ points: 10, available: 79 });
    const order = ['--card', '1002', '--points', '9', '--reference', 'order 2', '--key', 'order-2'];
    const hold = textAt(await command('hold', ...of, ...order), 'hold');
    expect(await command('hold', ...of, ...order)).toMatchObject({ hold });
    const first = await command('capture', hold, ...of, '--points', '4', '--keep-rest');
    expect(first).toMatchObject({ points: 4, released: 0 });
    const second = await command('capture', hold, ...of, '--points', '3');
    expect(second).toMatchObject({ points: 3, released: 2 });
    const entries = listAt(await ofCard('statement', '1002'), 'entries');
    const ids = (kind: string): string[] => [
      ...new Set(
        entries.flatMap((entry) => {
          const about = at(entry, 'about');
          return about !== null && at(about, 'kind') === kind ? [textAt(about, 'id')] : [];
        }),
      ),
    ];
    const redemptions = ids('redemption');
    expect(redemptions).toEqual(
      [second, first, redeemed].map((redemption) => textAt(redemption, 'redemption')),
    );
    expect(ids('hold')).toContain(hold);
    expect(ids('transfer')).toHaveLength(2);
    for (const redemption of redemptions)
      await command('refund', redemption, ...of, '--reason', 'the goods came back');
    expect(await ofCard('balance', '1002')).toMatchObject({ available: 89, held: 0 });
    const plain = startTally(running(), ['statement', ...of, '--card', '1002']);
    expect(await plain.ended).toBe(0);
    expect(plain.stdout()).toContain(`redemption ${redemptions[0] ?? ''}`);
  });

  it('shows a trial balance that balances, now and as of a position', async () => {
    const of = ['trial-balance', '--program', program];
    const now = await command(...of);
    expect(now).toMatchObject({ balanced: true, sum: 0, differences: [] });
    expect(await command(...of, '--position', textAt(now, 'position'))).toEqual(now);
    const ahead = startTally(running(), [...of, '--position', '999999999']);
    expect([await ahead.ended, ahead.stderr()]).toEqual([
      7,
      expect.stringContaining('position-ahead'),
    ]);
  });

  it('enrols members, links their cards and shows what became of a receipt', async () => {
    const of = ['--program', program];
    const enrol = ['member', 'enrol', ...of, '--card', '2001', '--key', 'ann'];
    const member = textAt(await command(...enrol), 'member');
    expect(await command(...enrol)).toMatchObject({ member });
    const linked = await command('card', 'link', member, ...of, '--card', '2002');
    expect(linked).toMatchObject({
      account: textAt(await command('card', 'show', ...of, '--card', '2001'), 'account'),
    });
    expect(listAt(await command('member', 'show', member, ...of), 'cards')).toHaveLength(2);
    const share = ['member', 'enrol', ...of, '--account', textAt(linked, 'account')];
    expect(await command(...share)).toMatchObject({ account: textAt(linked, 'account') });
    const lost = ['card', 'unlink', member, ...of, '--token', textAt(linked, 'token')];
    expect(await command(...lost)).toMatchObject({ token: textAt(linked, 'token') });
    expect(listAt(await command('member', 'show', member, ...of), 'cards')).toHaveLength(1);
    const rows = ['2001,north|early,2026-01-01', '777,north,'].join('\n');
    await writeFile(inFiles('segments.csv'), `card,segments,since\n${rows}\n`);
    const segments = (...more: string[]) => [
      ...['member', 'segments-file', inFiles('segments.csv'), ...of, ...more],
      ...['--rejects', inFiles('segments.rejects.csv')],
    ];
    const attributes = () => command('member', 'attributes', member, ...of);
    expect(at(await tally(running(), segments('--dry-run'), 3), 'members')).toMatchObject({
      told: 1,
    });
    expect(await attributes()).toMatchObject({ attributes: {} });
    expect(await tally(running(), segments(), 3)).toMatchObject({
      ...{ addsUp: true, unchanged: false, members: { told: 1, known: 0, refused: 1 } },
      rows: { total: 2, told: 1, refused: { 'card-unknown': 1 } },
    });
    expect(await readFile(inFiles('segments.rejects.csv'), 'utf8')).not.toContain('777');
    expect(await attributes()).toMatchObject({ attributes: { segments: ['early', 'north'] } });
    expect(await tally(running(), segments(), 3)).toMatchObject({ unchanged: true });
    const birthday = ['member', 'birthday', member, ...of];
    expect(await command(...birthday, '1990-02-28')).toMatchObject({ birthday: '1990-02-28' });
    expect(await command(...birthday, '--forget')).toMatchObject({ birthday: null });
    expect(await startTally(running(), birthday).ended).toBe(2);
    const receipt = ['receipt', 'store', 'till', '1', ...of, '--chain', 'chain', '--date'];
    expect(await command(...receipt, '2026-05-06')).toMatchObject({ outcome: 'awarded' });
    expect(await startTally(running(), [...receipt, '2026-05-07']).ended).toBe(6);
    // The third sale of the file has no card.
    const unclaimed = ['store', 'till', '3', ...of, '--chain', 'chain', '--date', '2026-05-04'];
    expect(await command('receipt', ...unclaimed)).toMatchObject({ reason: 'no-card' });
    const claim = ['claim', ...unclaimed, '--card', '2001', '--total'];
    expect(await startTally(running(), [...claim, '7.01']).ended).toBe(6);
    expect(await command(...claim, '7')).toMatchObject({ outcome: 'awarded', earned: 7 });
  });

  it('corrects by two people, imports opening balances, merges, and closes a period', async () => {
    const of = ['--program', program];
    const change = ['--card', '1002', '--up', '11', '--reason', 'a receipt was lost'];
    const asked = await command('adjust', ...of, ...change, '--as', 'ann');
    const id = textAt(asked, 'adjustment');
    expect(asked).toMatchObject({ status: 'requested', requestedBy: 'ann' });
    const open = await command('adjustments', ...of);
    expect(listAt(open, 'adjustments').map((one) => at(one, 'adjustment'))).toContain(id);
    const own = startTally(running(), ['approve', id, ...of, '--as', 'ann']);
    expect([await own.ended, own.stderr()]).toEqual([5, expect.stringContaining('same-person')]);
    expect(await command('approve', id, ...of, '--as', 'bob')).toMatchObject({
      ...{ status: 'applied', approvedBy: 'bob' },
    });
    const taken = ['--card', '1002', '--down', '11', '--reason', 'it was found'];
    const down = textAt(await command('adjust', ...of, ...taken, '--as', 'bob'), 'adjustment');
    expect(await command('reject', down, ...of, '--reason', 'keep it')).toMatchObject({
      status: 'rejected',
    });
    expect(await ofCard('balance', '1002')).toMatchObject({ available: 100 });

    const rows = [
      'reference,card,points,expiresAt',
      'a,1001,30,',
      'a,1001,20,2098-12-31',
      'b,777,5,',
    ];
    await writeFile(inFiles('balances.csv'), rows.join('\n'));
    const imports = [
      ...['opening-balances', inFiles('balances.csv'), ...of, '--system', 'old-crm'],
      ...['--rejects', inFiles('balances.rejects.csv'), '--as', 'ann'],
    ];
    const balances = (): Promise<unknown> => tally(running(), imports, 3);
    // The first run posts nothing: what the file comes to is approved by another person.
    const proposed = await balances();
    expect(proposed).toMatchObject({
      ...{ posted: false, addsUp: true, rows: { total: 3, proposed: 2, imported: 0 } },
      batch: { status: 'requested', name: 'balances.csv', balances: 2, points: 55 },
    });
    const batch = textAt(at(proposed, 'batch'), 'batch');
    expect(await balances()).toMatchObject({ posted: false, batch: { batch, approvedBy: null } });
    await writeFile(inFiles('balances.csv'), [...rows, 'c,1001,5000,'].join('\n'));
    const changed = startTally(running(), imports);
    expect([await changed.ended, changed.stderr()]).toEqual([
      ...[7, expect.stringContaining('balance-batch-differs')],
    ]);
    const waits = listAt(await command('balance-batches', ...of), 'batches');
    expect(waits.map((one) => at(one, 'batch'))).toEqual([batch]);
    const alone = startTally(running(), ['approve', batch, ...of, '--as', 'ann']);
    expect([await alone.ended, alone.stderr()]).toEqual([
      5,
      expect.stringContaining('same-person'),
    ]);
    expect(await command('approve', batch, ...of, '--as', 'bob')).toMatchObject({
      ...{ status: 'approved', approvedBy: 'bob' },
    });
    const unapproved = startTally(running(), imports);
    expect([await unapproved.ended, unapproved.stderr()]).toEqual([
      ...[7, expect.stringContaining('balance-page-not-approved')],
    ]);
    expect(await ofCard('balance', '1001')).toMatchObject({ available: 10 });
    await writeFile(inFiles('balances.csv'), rows.join('\n'));
    expect(await balances()).toMatchObject({
      ...{ addsUp: true, unchanged: false, balances: { new: 1, known: 0, refused: 1 } },
      rows: { total: 3, imported: 2, known: 0, refused: { 'card-unknown': 1 } },
      points: { new: 50, known: 0 },
    });
    expect(await readFile(inFiles('balances.rejects.csv'), 'utf8')).not.toContain('777');
    expect(await balances()).toMatchObject({ unchanged: true, points: { new: 0, known: 50 } });

    const [source, target] = [await ofCard('balance', '1001'), await ofCard('balance', '1002')];
    const [from, to] = [textAt(source, 'account'), textAt(target, 'account')];
    const merge = ['merge', ...of, '--source', from, '--target', to, '--reason', 'one household'];
    const wanted = await command(...merge, '--as', 'ann');
    expect(wanted).toMatchObject({ status: 'requested', moves: { points: 60, holds: 0 } });
    const second = textAt(await command(...merge, '--as', 'bob'), 'merge');
    const waiting = async () =>
      listAt(await command('merges', ...of), 'merges').map((one) => at(one, 'merge'));
    expect(await waiting()).toEqual([textAt(wanted, 'merge'), second]);
    const mine = startTally(running(), ['approve', second, ...of, '--as', 'bob']);
    expect([await mine.ended, mine.stderr()]).toEqual([5, expect.stringContaining('same-person')]);
    expect(await command('approve', textAt(wanted, 'merge'), ...of, '--as', 'bob')).toMatchObject({
      ...{ status: 'applied', approvedBy: 'bob', moved: { points: 60 } },
    });
    const late = startTally(running(), ['approve', second, ...of, '--as', 'ann']);
    expect([await late.ended, late.stderr()]).toEqual([7, expect.stringContaining('merge-stale')]);
    const ended = ['reject', second, ...of, '--reason', 'asked for twice'];
    expect(await command(...ended)).toMatchObject({ status: 'rejected' });
    // The card of the one leads to the other by now.
    expect(await ofCard('balance', '1001')).toMatchObject({ account: to });
    const named = ['--program', program, '--account', from];
    expect(await command('balance', ...named)).toMatchObject({ account: to, status: 'open' });
    const back = ['merge', ...of, '--source', to, '--target', from, '--reason', 'back'];
    expect(await startTally(running(), back).ended).toBe(7);
    const closed = await command('close-period', ...of, '--through', '2026-06-30');
    expect(closed).toMatchObject({ status: 'done', closed: 2, skipped: 1, refused: 0 });
    expect(await startTally(running(), ['approve', 'none', ...of]).ended).toBe(6);
  });

  it('puts a wrong version right by a run that two people sign', async () => {
    const second = JSON.stringify({
      ...(JSON.parse(rulebook('e2e-tally-fresh')) as object),
      version: 2,
      effectiveFrom: new Date(Date.now() + 86_400_000).toISOString(),
      earning: [{ id: 'base', points: 3, per: '1.00', rounding: 'down', level: 'receipt' }],
    });
    await writeFile(inFiles('second.yaml'), second);
    const of = ['--program', 'e2e-tally-fresh'];
    await putInForce(inFiles('second.yaml'), 'e2e-tally-fresh');
    const versions = ['--from', '1', '--to', '2', '--reason', 'three were promised'];
    const asked = await command('rerate', 'request', ...of, ...versions, '--as', 'ann');
    expect(asked).toMatchObject({ status: 'counted', counted: { facts: 1, up: 10, down: 0 } });
    const run = textAt(asked, 'rerating');
    expect(await command('rerate', 'approve', run, ...of, '--as', 'bob')).toMatchObject({
      ...{ status: 'posted', posted: { facts: 1, up: 10 } },
    });
    const card = ['--card', '7'];
    expect(await command('balance', ...of, ...card)).toMatchObject({ available: 15 });
    const [entry] = listAt(await command('statement', ...of, ...card), 'entries');
    expect(textAt(entry, 'reason')).toMatch(/rated again by rulebook 2 .* three were promised/);
  });

  it('signs tokens that the services take', async () => {
    const signed = await command('token', '--role', 'auditor', '--program', program);
    const ask = async (of: string): Promise<number> => {
      const url = `${running().url}/v1/reports/${of}/summary`;
      const headers = { authorization: `Bearer ${textAt(signed, 'token')}` };
      return (await fetch(url, { headers })).status;
    };
    expect([await ask(program), await ask('e2e-tally-fresh')]).toEqual([200, 403]);
  });

  it('ends with a code that says what happened', async () => {
    const cases: [readonly string[], number][] = [
      [['balance', '--program', program, '--card', 'nobody'], 6],
      [['import', inFiles('missing.csv'), '--mapping', 'online-retail', '--program', program], 2],
      [['import', inFiles('one.csv'), '--mapping', 'online-retail', '--program', program], 2],
      [['import', inFiles('one.csv'), '--mapping', 'sales-without-lines', '--program', 'none'], 6],
      [['program', 'propose', inFiles('sales.tsv')], 7],
      [['program', 'approve', '--program', program], 6],
      [['holds', '--program', program], 2],
      [['release', 'none', '--program', program], 6],
      [['refund', 'none', '--program', program, '--reason', 'none'], 6],
      [['capture', 'none', '--program', program], 6],
      [['redeem', '--program', program, '--points', '1', '--reference', 'till 7'], 2],
      [['trial-balance', '--program', 'none'], 6],
      [['nonsense'], 2],
    ];
    for (const [args, code] of cases) {
      const ended = startTally(running(), args);
      expect([args, await ended.ended]).toEqual([args, code]);
      expect(ended.stderr()).not.toMatch(/^\s+at /m);
    }
  });

  it('starts a system for a command when none runs, and stops it afterwards', async () => {
    await running().stop();
    const balance = await ofCard('balance', '1002');
    expect(at(balance, 'available')).toBe(160);
    await running().restart();
  });
});
