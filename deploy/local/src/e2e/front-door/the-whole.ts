import { beforeAll, describe, expect, it } from '@jest/globals';
import { at, expected, listAt, numberAt, problemOf, textAt } from '../tools/client.js';
import { replay, viewDigests } from '../tools/replay.js';
import { withStore } from '../tools/store.js';
import { retried, type House } from './house.js';

/** The numbers that the tests give their cards. */
const anyCard = /9826[1-9]00000[0-9]{3}/;

/** What holds of everything that the tests before have done. To be run last. */
export const theWhole = (houseOf: () => House): void => {
  describe('the whole, after all of it', () => {
    let house: House;
    let programs: string[];
    let after: string;
    beforeAll(async () => {
      house = houseOf();
      await withStore(house, async (store) => {
        after = String(await store.head());
        const names = new Set<string>();
        for await (const { type, metadata } of store.readAll({ categories: ['program'] }))
          if (type === 'RulebookPublished') names.add(metadata.program);
        programs = [...names];
      });
    });
    const report = async (program: string, name: string): Promise<unknown> => {
      const path = `/v1/reports/${program}/${name}`;
      return expected(await retried(() => house.auditor('reporting', path, { after })), 200).body;
    };
    const figures = async (): Promise<unknown[]> => {
      const all: unknown[] = [];
      for (const program of programs)
        for (const name of ['trial-balance', 'receipts', 'summary'])
          all.push({ ...((await report(program, name)) as object), asOf: null });
      return all;
    };

    it('has a trial balance of zero in every programme, which agrees with every account', async () => {
      expect(programs.length).toBeGreaterThanOrEqual(7);
      for (const program of programs)
        expect(await report(program, 'trial-balance')).toMatchObject({
          program,
          sum: 0,
          balanced: true,
          differenceCount: 0,
        });
    });

    it('has an outcome for every receipt that came, and the counts add up', async () => {
      const came = await withStore(house, async (store) => {
        const streams = new Map<string, Set<string>>();
        for await (const { stream, metadata } of store.readAll({ categories: ['receipt'] })) {
          const known = streams.get(metadata.program) ?? new Set();
          streams.set(metadata.program, known.add(stream));
        }
        return streams;
      });
      for (const program of programs) {
        const counted = await report(program, 'receipts');
        const total = came.get(program)?.size ?? 0;
        expect(numberAt(counted, 'total')).toBe(total);
        const outcomes = at(counted, 'outcomes') as Record<string, number>;
        expect(sum(Object.values(outcomes))).toBe(total);
        const reasons = listAt(counted, 'reasons');
        expect(sum(reasons.map((reason) => numberAt(reason, 'receipts')))).toBe(total);
      }
    });

    it('keeps no card number in any event', async () => {
      const found = await withStore(house, async (store) => {
        const streams: string[] = [];
        for await (const { stream, data, metadata } of store.readAll())
          if (anyCard.test(`${stream} ${data} ${JSON.stringify(metadata)}`)) streams.push(stream);
        return streams;
      });
      expect(found).toEqual([]);
    });

    it('replays to equal views', async () => {
      const ended = await replay(house.ops);
      expect(ended).toMatchObject({ status: 'done', equal: true, caughtUp: true, rebuilt: false });
      for (const view of listAt(ended, 'views'))
        expect(view).toMatchObject({ different: 0, missing: 0, extra: 0, lagging: 0, first: null });
    });

    it('makes every view again after all of them were dropped, and they are equal', async () => {
      const before = await figures();
      const first = await replay(house.ops);
      const views = listAt(first, 'views').map((view) => textAt(view, 'view'));
      await withStore(house, async (_, db) => {
        for (const view of views) await db.query(`drop table reporting.${view}`);
      });
      const gone = await house.auditor('reporting', `/v1/reports/${programs[0] ?? ''}/summary`);
      expect([gone.status, problemOf(gone)]).toEqual([503, 'views-missing']);
      const rebuilt = await replay(house.ops, { rebuild: true });
      expect(rebuilt).toMatchObject({ status: 'done', equal: true, rebuilt: true });
      const again = await replay(house.ops);
      expect(again).toMatchObject({ status: 'done', equal: true, rebuilt: false });
      expect(viewDigests(again)).toEqual(viewDigests(first));
      expect(await figures()).toEqual(before);
    });
  });
};

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);
