import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { quietProgress } from '../import/progress.js';
import { rejectsFile } from '../import/rejects-file.js';
import { unpack } from '../reading/source.js';
import { createClient } from '../system/client.js';
import { parseSegmentsMapping, segmentsMapping, type SegmentsMapping } from './mapping.js';
import { segmentsOf, type SegmentsItem } from './read-segments.js';
import { addsUp, changedNothing, sendSegments } from './send-segments.js';

const sourceOf = (text: string) => unpack(() => Readable.from([Buffer.from(text)]), text.length);
const plain: SegmentsMapping = segmentsMapping.parse({});

const read = async (text: string, mapping = plain, zone = 'UTC'): Promise<SegmentsItem[]> => {
  const items: SegmentsItem[] = [];
  for await (const item of segmentsOf(sourceOf(text), mapping, zone, () => undefined))
    items.push(item);
  return items;
};
const said = async (text: string, mapping = plain, zone = 'UTC') =>
  (await read(text, mapping, zone)).flatMap((item) =>
    item.kind === 'segments' ? [item.item] : [],
  );
const rejected = async (text: string) =>
  (await read(text)).flatMap((item) => (item.kind === 'reject' ? [[item.line, item.code]] : []));
const into = (...segments: string[]) => ({ attributes: { segments } });

describe('a file of segments', () => {
  it('says of each member, by its id or a card, what it is in and since when', async () => {
    const text = [
      'member,card,segments,since',
      'm1,,north| early |,2026-05-01',
      ',17,north,2026-05-01T12:00:00+02:00',
      'm2,,,',
    ].join('\n');
    expect(await said(text, plain, 'Europe/Warsaw')).toEqual([
      { member: 'm1', ...into('north', 'early'), from: '2026-04-30T22:00:00.000Z' },
      { card: '17', ...into('north'), from: '2026-05-01T10:00:00.000Z' },
      { member: 'm2', ...into() },
    ]);
  });

  it('may have a row for each segment: those that follow each other are one', async () => {
    const text = 'card,segments,since\n17,north,\n17,early|north,\n17,late,2026-05-01\n18,north,';
    expect(await said(text)).toEqual([
      { card: '17', ...into('north', 'early') },
      { card: '17', ...into('late'), from: '2026-05-01T00:00:00.000Z' },
      { card: '18', ...into('north') },
    ]);
  });

  it('is read by a mapping of other names and separators, and a zone', async () => {
    const mapping = parseSegmentsMapping(
      'm.yaml',
      `file: { separator: ';' }
zone: Europe/Warsaw
segmentsSeparator: ','
columns: { card: Karta, segments: 2, since: Od }`,
    );
    expect(await said('Karta;Grupy;Od\n17;a, b;2026-07-31', mapping)).toEqual([
      { card: '17', ...into('a', 'b'), from: '2026-07-30T22:00:00.000Z' },
    ]);
    expect(() => parseSegmentsMapping('m.yaml', 'zone: Mars')).toThrow('m.yaml: zone: is no IANA');
  });

  it('has its wrong rows rejected with a code, and what is of the same member with them', async () => {
    const text = [
      'member,card,segments,since',
      'm1,17,a,',
      ',,a,',
      'm2,,a,soon',
      'm3,,a',
      'm4,,a\uFFFD,',
      'm4,,b,',
      'm5,,a,',
      'm6,,a,',
      'm5,,b,',
      'm5,,b,2026-05-01',
    ].join('\n');
    expect(await rejected(text)).toEqual([
      ...[
        [2, 'field-missing'],
        [3, 'field-missing'],
        [4, 'time-unreadable'],
      ],
      ...[
        [5, 'columns-wrong'],
        [6, 'text-damaged'],
        [7, 'segments-incomplete'],
      ],
      [10, 'member-repeated'],
    ]);
    expect((await said(text)).map(({ member }) => member)).toEqual(['m5', 'm6', 'm5']);
    for (const item of await read(text))
      if (item.kind === 'reject') expect(item.explanation).not.toMatch(/17|m\d|soon/);
  });

  it('without a header, or without what it must have, is not read', async () => {
    await expect(read('')).rejects.toThrow('not even a header');
    await expect(read('segments\n')).rejects.toThrow('neither a column member nor');
    await expect(read('card\n17')).rejects.toThrow('no column "segments"');
  });
});

describe('segments that are sent', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tally-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const body = z.strictObject({
    ...{ program: z.string(), dryRun: z.boolean() },
    items: z.array(z.looseObject({ card: z.string() })),
  });
  /** An enrollment that is told each thing once, and knows no card that begins with 9. */
  const enrollment = () => {
    const told = new Set<string>();
    const sizes: number[] = [];
    const client = createClient({
      urls: {
        ...{ enrollment: 'http://enrollment.invalid', accrual: '', redemption: '', partners: '' },
        reporting: '',
      },
      token: () => Promise.resolve('t'),
      signal: new AbortController().signal,
      onRetry: () => undefined,
      patience: 0,
    });
    const real = globalThis.fetch;
    globalThis.fetch = (_url, request) => {
      const { items, dryRun } = body.parse(JSON.parse(z.string().parse(request?.body)));
      sizes.push(items.length);
      const answers = items.map((item) => {
        if (item.card.startsWith('9')) {
          const type = 'urn:tallystick:problem:card-unknown';
          return { status: 404, problem: { type, title: 'The card leads to no account' } };
        }
        const what = JSON.stringify(item);
        const known = told.has(what);
        if (!dryRun) told.add(what);
        return { status: known ? 200 : 201, member: 'm', from: 't' };
      });
      return Promise.resolve(Response.json({ items: answers, position: null }));
    };
    return { client, told, sizes, restore: () => (globalThis.fetch = real) };
  };
  const run = async (
    client: ReturnType<typeof enrollment>['client'],
    text: string,
    dryRun = false,
  ) => {
    const rejects = rejectsFile(join(folder, 'rejects.csv'));
    const book = await sendSegments({
      ...{ source: sourceOf(text), mapping: plain, program: 'shop', programZone: 'UTC', dryRun },
      ...{ client, rejects, progress: quietProgress(() => undefined) },
      signal: new AbortController().signal,
    });
    await rejects.close();
    return book;
  };

  it('go in batches, each row is counted once, and a second run changes nothing and says so', async () => {
    const { client, told, sizes, restore } = enrollment();
    try {
      const rows = Array.from({ length: 1_201 }, (_, n) => `1${n},north`);
      const text = ['card,segments', ...rows, '9876543,north', ',north'].join('\n');
      const dry = await run(client, text, true);
      expect(dry).toMatchObject({ rows: 1_203, told: 1_201, known: 0 });
      expect(told.size).toBe(0);
      const first = await run(client, text);
      expect(sizes.slice(3)).toEqual([500, 500, 202]);
      expect(first).toEqual(dry);
      expect(addsUp(first)).toBe(true);
      expect(changedNothing(first)).toBe(false);
      expect([...first.refused, ...first.rejected]).toEqual([
        ['card-unknown', 1],
        ['field-missing', 1],
      ]);
      const written = readFileSync(join(folder, 'rejects.csv'), 'utf8');
      expect(written).toContain('1203,card-unknown,');
      expect(written).toContain('1204,field-missing,');
      expect(written).not.toContain('9876543');
      const second = await run(client, text);
      expect(addsUp(second)).toBe(true);
      expect(changedNothing(second)).toBe(true);
      expect(second).toMatchObject({ told: 0, known: 1_201 });
    } finally {
      restore();
    }
  });
});
