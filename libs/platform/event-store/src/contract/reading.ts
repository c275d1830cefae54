import { describe, expect, it } from '@jest/globals';
import { encodePart, streamName } from '@tallystick/kernel';
import { digestStreams } from '../digest.js';
import type { BareEvent, ReadAllOptions } from '../port.js';
import type { Bench } from './event-store-contract.js';
import { allOf, collect, idsOf, sampleEvent, sampleEvents, sampleStream } from './events.js';

/** What a reading process may keep at once, in MiB; and how much more memory in all ten times the events may take, in KiB. The events are more than twice that. */
const heapMiBMax = 64;
const growthKiBMax = 40_000;
const readerProcess = new URL('./reader-process.ts', import.meta.url);

const odd = '\u0001 "quoted" \\ / ü 漢字 🧾 e\u0301 \u2028 %2D a-b %';

/** What a bare event says. */
const bareOf = ({
  stream,
  revision,
  position,
  type,
  schemaVersion,
  data,
}: BareEvent): BareEvent => ({
  ...{ stream, revision, position, type, schemaVersion, data },
});

/** Bytes kept, pages, bounded memory. */
export const readingContract = (bench: () => Bench): void => {
  describe('reading', () => {
    it('finds nothing where nothing is', async () => {
      const { store } = bench();
      expect(await store.head()).toBe(0n);
      expect(await allOf(store)).toEqual([]);
      expect(await collect(store.readStream(sampleStream('none')))).toEqual([]);
      expect(await store.readStreams([sampleStream('none')])).toEqual(new Map());
      expect(await store.readStreams([])).toEqual(new Map());
    });

    it('keeps every byte of the data, the metadata, and names of any characters', async () => {
      const { store } = bench();
      const stream = streamName('ledger', odd, odd);
      const event = sampleEvent('odd', {
        text: odd,
        [odd]: [null, true, -0, 9_007_199_254_740_991, { z: 1, a: [] }],
      });
      await store.append([{ stream, expected: 'noStream', events: [event] }]);
      const [kept] = await collect(store.readStream(stream));
      expect(kept).toEqual({ ...event, stream, revision: 0, position: kept?.position });
      expect(kept?.stream).toContain(encodePart(odd));
      expect(Buffer.from(kept?.data ?? '')).toEqual(Buffer.from(event.data));
    });

    it('reads a stream from a revision on', async () => {
      const { store } = bench();
      const stream = sampleStream('a');
      const events = sampleEvents('x', 10);
      await store.append([{ stream, expected: 'noStream', events }]);
      expect(idsOf(await collect(store.readStream(stream, { from: 7 })))).toEqual(
        idsOf(events.slice(7)),
      );
      expect(await collect(store.readStream(stream, { from: 10 }))).toEqual([]);
    });

    it('reads of many streams only what is new, where the reader knows the beginning', async () => {
      const { store } = bench();
      const [known, partly, fresh] = [
        sampleStream('known'),
        sampleStream('partly'),
        sampleStream('fresh'),
      ];
      const names = [known, partly, fresh];
      for (const stream of names) {
        const events = sampleEvents(stream, 3);
        await store.append([{ stream, expected: 'noStream', events }]);
      }
      const from = new Map([
        [known, 3],
        [partly, 1],
      ]);
      const read = await store.readStreams(names, { from });
      expect(names.map((name) => read.get(name)?.map(({ revision }) => revision))).toEqual([
        undefined,
        [1, 2],
        [0, 1, 2],
      ]);
    });

    it('reads many streams at once, each whole and in order', async () => {
      const { store } = bench();
      const names = Array.from({ length: 1_200 }, (_, index) => sampleStream(`s${index}`));
      await store.append(
        names.map((stream) => ({
          stream,
          expected: 'noStream',
          events: sampleEvents(stream, 2),
        })),
      );
      const streams = await store.readStreams([...names, ...names, sampleStream('none')]);
      expect(streams.size).toBe(names.length);
      for (const name of names) {
        expect(idsOf(streams.get(name) ?? [])).toEqual(idsOf(sampleEvents(name, 2)));
      }
    });

    it('reads everything after a position, or only of some categories, in one order', async () => {
      const { store } = bench();
      const categories = ['ledger', 'receipt', 'card'] as const;
      for (let index = 0; index < 30; index += 1) {
        const stream = streamName(categories[index % 3] ?? 'card', `${index}`);
        await store.append([{ stream, expected: 'noStream', events: sampleEvents(`${index}`, 2) }]);
      }
      const all = await allOf(store);
      expect(all).toHaveLength(60);
      const tenth = all[9]?.position ?? 0n;
      expect(await collect(store.readAll({ after: tenth }))).toEqual(all.slice(10));
      const some = await collect(
        store.readAll({ after: tenth, categories: ['card', 'receipt', 'card'] }),
      );
      expect(some).toEqual(all.slice(10).filter((event) => !event.stream.startsWith('ledger-')));
      expect(await collect(store.readAll({ categories: ['none'] }))).toEqual([]);
    });

    it('reads everything bare, many at a time: the same events without id and metadata', async () => {
      const { store } = bench();
      for (const [index, category] of (
        ['ledger', 'receipt', 'card', 'ledger'] as const
      ).entries()) {
        const stream = streamName(category, `${index}`);
        const events = [
          ...sampleEvents(`${index}`, 1_100),
          sampleEvent(`odd ${index}`, { text: odd }),
        ];
        await store.append([{ stream, expected: 'noStream', events }]);
      }
      const all = await allOf(store);
      const bare = async (options?: ReadAllOptions) => {
        const pages = await collect(store.readAllBare(options));
        expect(pages.every(({ length }) => length > 0)).toBe(true);
        return pages.flat().map(bareOf);
      };
      expect(await bare()).toEqual(all.map(bareOf));
      const after = all[1_500]?.position ?? 0n;
      expect(await bare({ after })).toEqual(all.slice(1_501).map(bareOf));
      expect(await bare({ after, categories: ['card', 'ledger', 'card'] })).toEqual(
        all
          .slice(1_501)
          .filter(({ stream }) => !stream.startsWith('receipt-'))
          .map(bareOf),
      );
      expect(await bare({ categories: ['none'] })).toEqual([]);
      for await (const page of store.readAllBare()) {
        expect(page[0]?.position).toBe(all[0]?.position);
        break;
      }
    });

    it('lets a reader stop in the middle', async () => {
      const { store } = bench();
      const events = sampleEvents('x', 5_000);
      await store.append([{ stream: sampleStream('a'), expected: 'noStream', events }]);
      for await (const event of store.readAll()) {
        if (event.revision === 2_500) break;
      }
      expect(await store.head()).toBe((await allOf(store)).at(-1)?.position);
    });

    it('gives large events in full, page by page', async () => {
      const { store } = bench();
      const stream = sampleStream('large');
      const text = 'ä'.repeat(400_000);
      for (let index = 0; index < 12; index += 1) {
        await store.append([
          {
            stream,
            expected: index === 0 ? 'noStream' : index - 1,
            events: [sampleEvent(`large ${index}`, { index, text })],
          },
        ]);
      }
      const events = await collect(store.readStream(stream));
      expect(events.map(({ revision }) => revision)).toEqual([...Array(12).keys()]);
      expect(events.every(({ data }) => data.includes(text))).toBe(true);
      expect(await allOf(store)).toEqual(events);
      const bare = await collect(store.readAllBare());
      expect(bare.flat().map(bareOf)).toEqual(events.map(bareOf));
    });

    it('digests equal events equally, whatever lay between them, and others not', async () => {
      const [a, b] = [sampleStream('a'), sampleStream('b')];
      const [x, y] = [sampleEvents('x', 2), sampleEvents('y', 2)];
      const { store, another } = bench();
      const elsewhere = sampleStream('elsewhere');
      await store.append([{ stream: a, expected: 'noStream', events: x }]);
      await store.append([{ stream: b, expected: 'noStream', events: y }]);
      const before = await digestStreams(store);
      expect([...before.streams.keys()]).toEqual([a, b]);
      expect(before.events).toBe(4);
      expect(await digestStreams(await another())).toEqual(before);
      await store.append([{ stream: elsewhere, expected: 'noStream', events: [sampleEvent('z')] }]);
      const after = await digestStreams(store);
      expect(after.all).not.toBe(before.all);
      expect(after.streams.get(a)).toBe(before.streams.get(a));
      expect(after.streams.get(a)).not.toBe(after.streams.get(b));
    });
  });

  describe('reading in bounded memory', () => {
    it('takes no more memory for ten times the events', async () => {
      const { place, store } = bench();
      const [small, large] = [sampleStream('small'), sampleStream('large')];
      const filler = 'x'.repeat(800);
      const fill = async (stream: typeof small, count: number): Promise<void> => {
        for (let at = 0; at < count; at += 5_000) {
          const events = Array.from({ length: 5_000 }, (_, index) =>
            sampleEvent(`${stream} ${at + index}`, { filler, index: at + index }),
          );
          await store.append([{ stream, expected: at === 0 ? 'noStream' : at - 1, events }]);
        }
      };
      const read = async (what: string, count: number): Promise<number> => {
        const reader = place.run(readerProcess, [what, String(count)], {
          heapMiBMax,
        });
        const [line] = await collect(reader.lines);
        expect(await reader.ended).toBe(0);
        const [events, rssKiB] = (line ?? '').split(' ').map(Number);
        expect(events).toBe(count);
        return rssKiB ?? 0;
      };
      await fill(small, 10_000);
      const baseline = await read('small', 10_000);
      await fill(large, 90_000);
      expect((await read('large', 90_000)) - baseline).toBeLessThan(growthKiBMax);
      expect((await read('all', 100_000)) - baseline).toBeLessThan(growthKiBMax);
      expect((await read('bare', 100_000)) - baseline).toBeLessThan(growthKiBMax);
      expect((await read('follow', 100_000)) - baseline).toBeLessThan(growthKiBMax);
    }, 120_000);
  });
};
