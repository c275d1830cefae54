import { describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '../port.js';
import type { Bench } from './event-store-contract.js';
import { allOf, collect, idsOf, sampleEvent, sampleEvents, sampleStream } from './events.js';

/** An abort, or an append, has to be noticed within this time: before the follower would have looked by itself. */
const promptMs = 900;

/** Catching up, waiting for more, healing, ending. */
export const followingContract = (bench: () => Bench): void => {
  const append = async (name: string, count = 1): Promise<void> => {
    const result = await bench().store.append([
      { stream: sampleStream(name), expected: 'noStream', events: sampleEvents(name, count) },
    ]);
    expect(result.kind).toBe('appended');
  };

  /** Follows until so many events have come. */
  const follow = async (
    count: number,
    options: { readonly after?: bigint; readonly categories?: readonly string[] } = {},
  ): Promise<RecordedEvent[]> => {
    const seen: RecordedEvent[] = [];
    const { signal } = new AbortController();
    for await (const batch of bench().store.follow({ ...options, batchMax: 10, signal })) {
      expect(batch.length).toBeGreaterThan(0);
      expect(batch.length).toBeLessThanOrEqual(10);
      seen.push(...batch);
      if (seen.length >= count) break;
    }
    return seen;
  };

  describe('following', () => {
    it('catches up in batches, then gets what is appended afterwards, here or elsewhere', async () => {
      await append('before', 25);
      const following = follow(27);
      await append('here');
      await (
        await bench().another()
      ).append([
        { stream: sampleStream('there'), expected: 'noStream', events: [sampleEvent('there')] },
      ]);
      expect(await following).toEqual(await allOf(bench().store));
    });

    it('goes on after a position that was stored', async () => {
      await append('a', 30);
      const all = await allOf(bench().store);
      expect(await follow(18, { after: all[11]?.position ?? 0n })).toEqual(all.slice(12));
    });

    it('gets only the categories that it asked for', async () => {
      await append('a', 3);
      await bench().store.append([
        { stream: sampleStream('b'), expected: 'noStream', events: [sampleEvent('b')] },
      ]);
      const following = follow(4, { categories: ['ledger'] });
      expect(idsOf(await following)).toEqual(idsOf(await allOf(bench().store)));
    });

    it('hears of an append soon', async () => {
      await append('first');
      const following = follow(2);
      await new Promise((resolve) => setTimeout(resolve, 100));
      await (
        await bench().another()
      ).append([
        { stream: sampleStream('news'), expected: 'noStream', events: [sampleEvent('news')] },
      ]);
      const appended = performance.now();
      await following;
      expect(performance.now() - appended).toBeLessThan(promptMs);
    });

    it('ends without an error when told to while it waits', async () => {
      await append('a', 3);
      const stop = new AbortController();
      const seen: RecordedEvent[] = [];
      let aborted = 0;
      for await (const batch of bench().store.follow({ batchMax: 10, signal: stop.signal })) {
        seen.push(...batch);
        if (seen.length < 3) continue;
        // By then it has looked once more, and waits.
        setTimeout(() => {
          aborted = performance.now();
          stop.abort();
        }, 100);
      }
      expect(seen).toHaveLength(3);
      expect(performance.now() - aborted).toBeLessThan(promptMs);
    });

    it('ends without an error when told to before it begins', async () => {
      await append('a', 3);
      const signal = AbortSignal.abort();
      expect(await collect(bench().store.follow({ batchMax: 10, signal }))).toEqual([]);
    });

    it('ends when its store is closed', async () => {
      const store = await bench().another();
      const following = collect(
        store.follow({ batchMax: 10, signal: new AbortController().signal }),
      );
      await store.close();
      expect(await following).toEqual([]);
    });

    it('goes on by itself after the connections were broken, and misses nothing', async () => {
      await append('before');
      const following = follow(12);
      for (let round = 0; round < 10; round += 1) {
        await bench().place.breakConnections();
        await append(`round ${round}`);
      }
      await bench().place.breakConnections();
      await append('after');
      expect(await following).toEqual(await allOf(bench().store));
    });

    it('lets every client go on appending and reading after the connections were broken', async () => {
      const { place, store } = bench();
      const name = (index: number): string => `s${index}`;
      const appends = Array.from({ length: 200 }, async (_, index) => {
        await new Promise((resolve) => setTimeout(resolve, index * 2));
        if (index % 40 === 20) await place.breakConnections();
        return await store.append([
          {
            stream: sampleStream(name(index)),
            expected: 'noStream',
            events: [sampleEvent(name(index))],
          },
        ]);
      });
      const results = await Promise.all(appends);
      expect(results.filter(({ kind }) => kind !== 'appended')).toEqual([]);
      expect(await allOf(store)).toHaveLength(200);
    });
  });
};
