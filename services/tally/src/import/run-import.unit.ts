import { createServer, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ReceiptOutcome, ReceiptV1 } from '@tallystick/contracts';
import { exitCodes } from '../exit-codes.js';
import { parseMapping } from '../mapping/load-mapping.js';
import { unpack } from '../reading/source.js';
import { createClient, type Client } from '../system/client.js';
import { enrolmentKey } from './enrol-cards.js';
import { quietProgress } from './progress.js';
import { rejectsFile } from './rejects-file.js';
import { runImport, type Imported } from './run-import.js';
import { addsUp, showSummary, summaryJson } from './summary.js';

const parsed = parseMapping(
  readFileSync(new URL('../../mappings/sales-without-lines.yaml', import.meta.url), 'utf8'),
);
if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
const mapping = parsed.value;

interface Asked {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: {
    receipts?: ReceiptV1[];
    items?: { key: string; cards: string[]; from?: string }[];
  };
}
type Answer = { status: number; body: unknown } | 'hang up';

const outcomeOf = (receipt: ReceiptV1, changed: Partial<ReceiptOutcome> = {}): ReceiptOutcome => ({
  receipt: `receipt/${receipt.number}`,
  outcome: 'awarded',
  reason: null,
  known: false,
  account: 'account',
  earned: 5,
  reversed: 0,
  arrearsRaised: 0,
  lines: receipt.lines.map(({ ordinal }) => ({ ordinal, outcome: 'earned', points: 5 })),
  ...changed,
});
const taken = (asked: Asked, of = (receipt: ReceiptV1) => outcomeOf(receipt)): Answer => ({
  status: 200,
  body: {
    items: (asked.body.receipts ?? []).map((receipt) => ({ status: 200, outcome: of(receipt) })),
  },
});
const problem = (status: number, type: string): { status: number; body: unknown } => ({
  status,
  body: { type: `urn:tallystick:problem:${type}`, title: type, status },
});

/** Speaks as the services do, so that what they may answer can be told in one place. */
let server: Server;
let asked: Asked[];
let answer: (asked: Asked, nth: number) => Answer | Promise<Answer>;
let inFlight: number;
let inFlightPeak: number;
let folder: string;
let notes: string[];

beforeEach(async () => {
  asked = [];
  notes = [];
  inFlight = 0;
  inFlightPeak = 0;
  answer = (at) => (at.path === '/v1/members/batch' ? enrolled(at, 201) : taken(at));
  folder = mkdtempSync(join(tmpdir(), 'tally-'));
  server = createServer((request, response) => {
    void (async () => {
      inFlightPeak = Math.max(inFlightPeak, (inFlight += 1));
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const at: Asked = {
        path: request.url ?? '',
        headers: request.headers,
        body: JSON.parse(Buffer.concat(chunks).toString()) as Asked['body'],
      };
      asked.push(at);
      const told = await answer(at, asked.length);
      inFlight -= 1;
      if (told === 'hang up') request.socket.destroy();
      else
        response
          .writeHead(told.status, { 'content-type': 'application/json' })
          .end(JSON.stringify(told.body));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  rmSync(folder, { recursive: true });
});

const enrolled = (at: Asked, status: number): Answer => ({
  status: 200,
  body: {
    items: (at.body.items ?? []).map(() => ({ status, member: 'm', account: 'a' })),
    position: '42',
  },
});

const clientOf = (signal = new AbortController().signal): Client => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return createClient({
    urls: { enrollment: url, accrual: url, redemption: url, partners: url, reporting: url },
    token: () => Promise.resolve('token'),
    signal,
    onRetry: (message) => notes.push(message),
    patience: 0.01,
  });
};

const rows = (count: number, row = (index: number) => `2011-07-01,${index % 3},5`): string =>
  ['date,card,amount', ...Array.from({ length: count }, (_, index) => row(index))].join('\n');

const importText = async (
  text: string,
  { enrol = false, signal = new AbortController().signal } = {},
): Promise<Imported & { rejects: string }> => {
  const rejects = rejectsFile(join(folder, 'rejects.csv'));
  const imported = await runImport({
    source: unpack(() => Readable.from([Buffer.from(text)]), null),
    mapping,
    program: 'shop',
    client: clientOf(signal),
    enrol,
    rejects,
    progress: quietProgress((message) => notes.push(message)),
    signal,
    now: () => Date.parse('2026-01-01T00:00:00Z'),
  });
  await rejects.close();
  expect(addsUp(imported)).toBe(true);
  return { ...imported, rejects: rejects.count() > 0 ? readFileSync(rejects.path, 'utf8') : '' };
};

const totals = (imported: Imported): Record<string, number> =>
  Object.fromEntries([...imported.book.rows].map(([outcome, { total }]) => [outcome, total]));
const finished = (imported: Imported) => ({
  ...imported,
  file: 'sales.csv',
  mapping: 'sales-without-lines',
  program: 'shop',
  dryRun: false,
  rejectsFile: null,
  seconds: 1,
  peakMemoryMiB: 1,
});

describe('an import', () => {
  it('sends batches of at most 500 receipts in the order of the file, never two at a time', async () => {
    answer = async (at) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return taken(at);
    };
    const imported = await importText(rows(1_201));
    expect(asked.map(({ body }) => body.receipts?.length)).toEqual([500, 500, 201]);
    expect(
      asked.flatMap(({ body }) => (body.receipts ?? []).map(({ number }) => Number(number))),
    ).toEqual(Array.from({ length: 1_201 }, (_, index) => index + 1));
    expect(inFlightPeak).toBe(1);
    expect(asked.every(({ headers }) => headers.authorization === 'Bearer token')).toBe(true);
    expect(totals(imported)).toEqual({ earned: 1_201 });
    expect(imported.book.points.ofNew.earned).toBe(1_201 * 5);
  });

  it('books each row by the outcome of its line, and what the system refuses goes to the rejects', async () => {
    const conflict = { outcome: 'refused', reason: 'conflict', earned: 0 } as const;
    answer = (at) => ({
      status: 200,
      body: {
        items: (at.body.receipts ?? []).map((receipt, index) => {
          const line = (outcome: string, reason?: string) => ({
            lines: [
              { ordinal: 1, outcome, points: 0, ...(reason === undefined ? {} : { reason }) },
            ] as ReceiptOutcome['lines'],
          });
          const kinds = [
            {},
            { outcome: 'nothing', reason: 'no-card', earned: 0, ...line('nothing') },
            { earned: 0, reversed: 7, arrearsRaised: 2, ...line('reversed') },
            { outcome: 'nothing', reason: null, earned: 0, ...line('unmatched') },
            { outcome: 'waiting', earned: 0, ...line('waiting') },
            { ...conflict, ...line('refused', 'conflict') },
          ] as const;
          const kind = kinds[index];
          return kind === undefined
            ? { status: 422, problem: problem(422, 'receipt-invalid').body }
            : { status: 200, outcome: outcomeOf(receipt, kind) };
        }),
      },
    });
    const imported = await importText(`${rows(7)}\noops,1,5\n`);
    expect(totals(imported)).toEqual({
      earned: 1,
      nothing: 1,
      reversed: 1,
      unmatched: 1,
      waiting: 1,
      refused: 2,
      rejected: 1,
    });
    expect(imported.book).toMatchObject({ receiptsNew: 5, receiptsKnown: 0, receiptsRefused: 2 });
    expect(imported.book.points.ofFile).toEqual({ earned: 5, reversed: 7, arrearsRaised: 2 });
    expect(
      imported.rejects
        .split('\n')
        .slice(0, 4)
        .map((line) => line.split(',').slice(0, 2).join()),
    ).toEqual(['line,code', '9,time-unreadable', '7,conflict', '8,receipt-invalid']);
    const shown = showSummary(finished(imported));
    expect(shown).toContain('Every row has one outcome.');
    expect(shown).toMatch(/no-card +1/);
  });

  it('of what is all known says that nothing changed', async () => {
    answer = (at) => taken(at, (receipt) => outcomeOf(receipt, { known: true }));
    const imported = await importText(rows(3));
    expect(showSummary(finished(imported))).toContain(
      'Nothing changed: all 3 receipts were already known.',
    );
    expect(summaryJson(finished(imported))).toMatchObject({
      unchanged: true,
      receipts: { new: 0, known: 3 },
      points: { ofFile: { earned: 15 }, ofNew: { earned: 0 } },
    });
  });
});

describe('enrolling unknown cards', () => {
  it('goes before the receipts, which wait for its position, and once a card', async () => {
    const imported = await importText(rows(600), { enrol: true });
    expect(asked.map(({ path }) => path)).toEqual([
      '/v1/members/batch',
      '/v1/receipts/batch',
      '/v1/receipts/batch',
    ]);
    expect(asked[0]?.body.items).toEqual(
      ['0', '1', '2'].map((card) => ({
        key: enrolmentKey('shop', card),
        cards: [card],
        from: '2011-07-01T12:00:00+01:00',
      })),
    );
    expect(asked[1]?.headers['tallystick-after']).toBe('42');
    expect(imported.enrolled).toEqual({ enrolled: 3, alreadyEnrolled: 0, notEnrolled: 0 });
  });

  it('has a key that holds no card number, is the same each time, and differs by programme', () => {
    expect(enrolmentKey('shop', '17850')).toMatch(/^card:[0-9a-f]{64}$/);
    expect(enrolmentKey('shop', '17850')).toBe(enrolmentKey('shop', '17850'));
    expect(enrolmentKey('shop', '17850')).not.toBe(enrolmentKey('club', '17850'));
  });

  it('takes a card that leads to someone already as enrolled', async () => {
    answer = (at) =>
      at.path === '/v1/members/batch'
        ? {
            status: 200,
            body: {
              items: [{ status: 200 }, { status: 409, problem: {} }, { status: 422, problem: {} }],
              position: null,
            },
          }
        : taken(at);
    const imported = await importText(rows(3), { enrol: true });
    expect(imported.enrolled).toEqual({ enrolled: 0, alreadyEnrolled: 3, notEnrolled: 0 });
    expect(asked[1]?.headers['tallystick-after']).toBeUndefined();
  });

  it('of which one is no number that can be taken goes on with the others', async () => {
    answer = (at) =>
      at.path === '/v1/members/batch'
        ? {
            status: 200,
            body: {
              items: [201, 400, 201].map((status) =>
                status === 400 ? { status, problem: problem(400, 'validation').body } : { status },
              ),
              position: '42',
            },
          }
        : taken(at);
    const imported = await importText(rows(600), { enrol: true });
    expect(imported.enrolled).toEqual({ enrolled: 2, alreadyEnrolled: 0, notEnrolled: 1 });
    expect(asked).toHaveLength(3);
  });

  it('waits until enrollment has heard of the programme', async () => {
    answer = (at, nth) =>
      nth === 1
        ? problem(404, 'program-unknown')
        : at.path === '/v1/members/batch'
          ? enrolled(at, 201)
          : taken(at);
    expect(totals(await importText(rows(3), { enrol: true }))).toEqual({ earned: 3 });
  });

  it('does not enrol from a time that is still to come', async () => {
    await importText(
      rows(1, () => '2026-01-01,1,5'),
      { enrol: true },
    );
    expect(asked[0]?.body.items?.[0]).not.toHaveProperty('from');
  });
});

describe('a system that is away', () => {
  it('is tried again, the same batch, and said so', async () => {
    const away: Answer[] = ['hang up', problem(503, 'not-caught-up')];
    answer = (at, nth) => away[nth - 1] ?? taken(at);
    const imported = await importText(rows(2));
    expect(asked).toHaveLength(3);
    expect(new Set(asked.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(notes).toEqual([
      'accrual does not answer (connection closed); try 2 of 11',
      'accrual does not answer (not-caught-up); try 3 of 11',
    ]);
    expect(totals(imported)).toEqual({ earned: 2 });
  });

  it('for one receipt of a batch makes the whole batch be tried again, so that the order holds', async () => {
    answer = (at, nth) =>
      nth > 1
        ? taken(at)
        : {
            status: 200,
            body: {
              items: [
                { status: 200, outcome: outcomeOf((at.body.receipts ?? [])[0] as ReceiptV1) },
                { status: 503, problem: problem(503, 'unavailable').body },
              ],
            },
          };
    expect(totals(await importText(rows(2)))).toEqual({ earned: 2 });
    expect(asked).toHaveLength(2);
  });

  it('and stays away ends the import as unreachable', async () => {
    answer = () => 'hang up';
    await expect(importText(rows(2))).rejects.toMatchObject({ exitCode: exitCodes.unreachable });
    expect(asked).toHaveLength(11);
  });

  it('is not tried again once the import is interrupted', async () => {
    const interruption = new AbortController();
    answer = (at) => {
      interruption.abort();
      return taken(at);
    };
    await expect(importText(rows(1_001), { signal: interruption.signal })).rejects.toThrow(
      'aborted',
    );
    expect(asked).toHaveLength(1);
  });
});

describe('an import ends at once when the system', () => {
  it.each([
    ['refuses the token', () => problem(401, 'token-expired'), exitCodes.forbidden],
    [
      'has no such programme',
      (at: Asked) => ({
        status: 200,
        body: {
          items: (at.body.receipts ?? []).map(() => ({
            status: 404,
            problem: problem(404, 'program-unknown').body,
          })),
        },
      }),
      exitCodes.notFound,
    ],
    [
      'refuses the chain',
      (at: Asked) => ({
        status: 200,
        body: {
          items: (at.body.receipts ?? []).map(() => ({
            status: 403,
            problem: problem(403, 'forbidden').body,
          })),
        },
      }),
      exitCodes.forbidden,
    ],
    ['answers too few receipts', () => ({ status: 200, body: { items: [] } }), exitCodes.failed],
    ['answers in another form', () => ({ status: 200, body: 'welcome' }), exitCodes.failed],
    [
      'does not answer each line',
      (at: Asked) => taken(at, (receipt) => outcomeOf(receipt, { lines: [] })),
      exitCodes.failed,
    ],
  ] as [string, (at: Asked) => Answer, number][])('%s', async (_, told, exitCode) => {
    answer = told;
    await expect(importText(rows(1_200))).rejects.toMatchObject({ exitCode });
    expect(asked).toHaveLength(1);
  });
});
