import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runSource } from '@tallystick/testing';
import { exitCodes } from './exit-codes.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tally-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const tally = async (...args: readonly string[]) => {
  const program = runSource(new URL('main.ts', import.meta.url), args);
  const lines: string[] = [];
  for await (const line of program.lines) lines.push(line);
  return { exitCode: await program.ended, out: lines.join('\n') };
};
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const dryRun = (path: string, ...more: readonly string[]) => {
  const rejects = join(folder, 'rejects.csv');
  const options = [
    '--mapping',
    'sales-without-lines',
    '--program',
    'shop',
    '--dry-run',
    '--rejects',
    rejects,
  ];
  return tally('import', path, ...options, ...more);
};

/** Several commands, each a process of its own, on a machine that may be busy. */
const severalCommandsMs = 240_000;

describe('tally', () => {
  it('tells what there is, with examples and exit codes', async () => {
    const all = await tally('--help');
    expect(all).toMatchObject({ exitCode: exitCodes.ok });
    for (const part of [
      'import',
      'balance',
      'membership',
      'statement',
      'explain',
      'member',
      'card',
      'receipt',
      'claim',
      'rulebook',
      'program',
      'rerate',
      'holds',
      'redeem',
      'refund',
      'capture',
      'certificate',
      'trial-balance',
      'release',
      'transfer',
      'replay',
      'dlq',
      'token',
      'TALLYSTICK_URL',
      'TALLYSTICK_DATA=',
      '--as <name>',
      'Exit codes',
    ])
      expect(all.out).toContain(part);
    expect((await tally('import', '--help')).out).toContain('Examples:');
  });

  it.each([
    ['a command that does not exist', ['nothing']],
    ['an option that is missing', ['balance', '--card', '1']],
    ['a role that does not exist', ['token', '--role', 'king']],
    [
      'both a card and an account',
      ['balance', '--program', 'shop', '--card', '1', '--account', '2'],
    ],
    [
      'a file that is not there',
      ['import', 'nowhere.csv', '--mapping', 'online-retail', '--program', 'shop', '--dry-run'],
    ],
    [
      'a mapping that is not there',
      ['import', 'nowhere.csv', '--mapping', 'nowhere', '--program', 'shop', '--dry-run'],
    ],
  ])('ends with the code for usage on %s', async (_, args) => {
    expect(await tally(...args)).toEqual({ exitCode: exitCodes.usage, out: '' });
  });
});

describe('a command that the system answers', () => {
  const listening = async (status: number, type: string): Promise<Server> => {
    const server = createServer((_, response) => {
      response.writeHead(status, { 'content-type': 'application/problem+json' });
      response.end(JSON.stringify({ type: `urn:tallystick:problem:${type}`, title: 'No', status }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
  };

  it.each([
    ['that it is refused', 409, 'receipt-claimed', exitCodes.refused],
    ['that there is none', 404, 'receipt-unknown', exitCodes.notFound],
  ])('%s ends with a code of its own', async (_, status, type, exitCode) => {
    const server = await listening(status, type);
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    process.env['TALLYSTICK_URL'] = `http://127.0.0.1:${port}`;
    process.env['TALLYSTICK_TOKEN'] = 'token';
    try {
      const receipt = ['12', '3', '4711', '--program', 'shop', '--chain', 'acme'];
      const claim = ['claim', ...receipt, '--date', '2026-05-05', '--card', '1'];
      expect(await tally(...claim)).toEqual({ exitCode, out: '' });
    } finally {
      delete process.env['TALLYSTICK_URL'];
      delete process.env['TALLYSTICK_TOKEN'];
      server.close();
      server.closeAllConnections();
    }
  });
});

describe('a dry run of an import', () => {
  it('of a file without faults ends well and leaves no rejects', async () => {
    const { exitCode, out } = await dryRun(
      file('sales.csv', 'date,card,amount\n2011-07-01,1,5\n\n2011-07-01,2,6\n'),
      '--json',
    );
    expect(exitCode).toBe(exitCodes.ok);
    expect(JSON.parse(out)).toMatchObject({
      addsUp: true,
      unchanged: false,
      rows: { total: 2, textLines: 4, byOutcome: { readable: { total: 2 } } },
      rejectsFile: null,
    });
    expect(existsSync(join(folder, 'rejects.csv'))).toBe(false);
  });

  it('of a file with faults says which rows and why, and ends with the code for it', async () => {
    const { exitCode, out } = await dryRun(
      file('sales.csv', 'date,card,amount\n2011-07-01,1,5\n2011-07-01,4929,x\n"2011,1,1\n'),
    );
    expect(exitCode).toBe(exitCodes.someRejected);
    expect(out).toContain('rows of the file');
    expect(out).toContain('Rows not taken: 2.');
    const rejects = readFileSync(join(folder, 'rejects.csv'), 'utf8');
    expect(rejects.trim().split('\n')).toEqual([
      'line,code,explanation',
      '3,quantity-unreadable,"column amount is not a number as the mapping says they are written"',
      '4,quote-not-closed,"a quote is opened and not closed"',
    ]);
  });

  it(
    'begins a programme from a template, and checks its rulebook',
    async () => {
      const listed = await tally('program', 'new');
      expect(listed.out).toMatch(/bronze-silver-gold +Bronze, Silver, Gold: a ladder/);
      const path = join(folder, 'club.yaml');
      const written = await tally(
        'program',
        'new',
        'club',
        '--template',
        'bonus-card',
        '--out',
        path,
      );
      expect(written).toMatchObject({ exitCode: exitCodes.ok });
      expect(readFileSync(path, 'utf8')).toContain('program: club');
      const good = await tally('rulebook', 'check', path);
      expect(good).toEqual({
        exitCode: exitCodes.ok,
        out: 'programme club, version 1, from 2026-01-01T00:00:00Z: no fault',
      });
      const again = await tally(
        'program',
        'new',
        'club',
        '--template',
        'bonus-card',
        '--out',
        path,
      );
      expect(again.exitCode).toBe(exitCodes.usage);
      const none = await tally('program', 'new', 'club', '--template', 'bonus');
      expect(none.exitCode).toBe(exitCodes.usage);
    },
    severalCommandsMs,
  );

  it(
    'says where a rulebook is wrong, and what can hardly be meant',
    async () => {
      await tally(
        'program',
        'new',
        'c',
        '--template',
        'bronze-silver-gold',
        '--out',
        join(folder, 'c.yaml'),
      );
      const text = readFileSync(join(folder, 'c.yaml'), 'utf8');
      const bad = await tally(
        'rulebook',
        'check',
        file('bad.yaml', text.replace("per: '1.00'", 'per: 1')),
      );
      expect(bad.exitCode).toBe(exitCodes.usage);
      expect(bad.out).toMatch(/bad\.yaml:12:\d+ earning\.0\.per: must stand in quotes: '1'/);
      const odd = await tally(
        'rulebook',
        'check',
        file('odd.yaml', text.replace('["silver", "gold"]', '["platin"]')),
      );
      expect(odd).toMatchObject({ exitCode: exitCodes.ok });
      expect(odd.out).toMatch(
        /earning\.1\.when: never holds: there is no level platin \(a warning\)/,
      );
      const diff = await tally(
        'rulebook',
        'diff',
        join(folder, 'c.yaml'),
        join(folder, 'odd.yaml'),
      );
      expect(diff).toMatchObject({ exitCode: exitCodes.ok });
      expect(diff.out).toMatch(
        /^earning rule silver-bonus\n {2}was: .*"silver", "gold".*\n {2}now: .*"platin".*\n {2}- members on level silver or gold get less: nothing of it any more\n {2}\+ members on level platin get more/,
      );
      const points = file('points.yaml', `${text}budgets: [{ id: spring, points: 9 }]\n`);
      const money = file('money.yaml', `${text}budgets: [{ id: spring, money: '9' }]\n`);
      const told =
        /money\.yaml:\d+:32 budgets\.0\.money: budget spring was in points, now in money: give it another id/;
      const turned = await tally('rulebook', 'diff', points, money);
      expect(turned).toMatchObject({ exitCode: exitCodes.ok });
      expect(turned.out).toMatch(told);
      const after = await tally('rulebook', 'check', money, '--after', points);
      expect(after).toMatchObject({ exitCode: exitCodes.usage });
      expect(after.out).toMatch(told);
      const fine = await tally('rulebook', 'check', money, '--after', join(folder, 'c.yaml'));
      expect(fine).toMatchObject({ exitCode: exitCodes.ok });
      const euro = file('euro.yaml', text.replace(/^currency: .*$/m, 'currency: EUR'));
      const moved = await tally('rulebook', 'check', euro, '--after', join(folder, 'c.yaml'));
      expect(moved).toMatchObject({ exitCode: exitCodes.usage });
      expect(moved.out).toMatch(/currency: must stay PLN/);
      expect(moved.out).toMatch(/version: must be above 1, .*\(a warning\)/);
      const differs = await tally('rulebook', 'diff', join(folder, 'c.yaml'), euro);
      expect(differs.out).toMatch(/euro\.yaml:\d+:\d+ currency: must stay PLN/);
    },
    severalCommandsMs,
  );
});
