import { describe, expect, it } from '@jest/globals';
import { AccountCache, Accounts, successorOf } from '@tallystick/accounts';
import { accountId, factId, type Instant } from '@tallystick/kernel';
import { now, openTill, publish, tea, type Till } from '../testing/settling.js';
import { storeInMemory } from '../testing/store-in-memory.js';
import { Tally } from './figures.js';
import { postAccount, runOf } from './rerate-account.js';

const clock = (): Instant => now;
const quantity = (count: number) => ({ quantity: String(count) });

/** A till whose later versions give as many points a pound as their number, or as they are told. */
const open = async (pointsOf: (version: number) => number, ...names: readonly string[]) => {
  const { store } = storeInMemory();
  const till = await openTill(store);
  for (const name of names) await till.open(name);
  const { metadata } = till.receipt(0, null);
  const [base] = till.book.earning;
  if (base === undefined) throw new Error('the programme earns');
  for (const version of [2, 3]) {
    const earning = [{ ...base, points: pointsOf(version) }];
    const effectiveFrom = `2026-05-2${version}T00:00:00Z`;
    await publish(store, { ...till.book, version, effectiveFrom, earning }, () => metadata);
  }
  const accounts = () => new Accounts({ store, clock, cache: new AccountCache() });

  const rerate = async (from: number, to: number): Promise<void> => {
    const versions = (await till.memory.catalog.read(till.program))?.versions ?? [];
    const [wrong, right] = [from, to].map((nth) => versions.find((one) => one.ref.version === nth));
    if (wrong === undefined || right === undefined) throw new Error('no such version');
    const rerating = `r-${from}-${to}`;
    const run = runOf(
      {
        ...{ rerating, program: till.program, from: wrong.ref, to: right.ref },
        ...{ since: null, until: null, reason: 'test', requestedBy: 'p', hash: 'h' },
      },
      factId('rerating', till.program, rerating),
      'q',
      { from: wrong.book, to: right },
    );
    for (const name of names) {
      const parts = { store, accounts: accounts(), clock, birthdays: till.memory.birthdays };
      await postAccount(parts, run, accountId(name), new Tally(), metadata);
    }
  };
  const merge = async (from: string, into: string): Promise<void> => {
    await till.leave(from, into);
    await successorOf({ store, accounts: accounts() }, till.program, accountId(from));
  };
  return { till, rerate, merge };
};

const pointsOfAll = async (till: Till, ...names: readonly string[]): Promise<number> => {
  let sum = 0;
  for (const name of names) sum += await till.points(name);
  return sum;
};

describe('a run that rates again', () => {
  it.each([
    ['gives the same', 1, 9],
    ['gives twice as much', 2, 18],
  ])(
    'leaves alone what a corrected return gave back: the other version %s',
    async (_, points, due) => {
      const { till, rerate } = await open(() => points, 'ann');
      await till.settle(till.receipt(1, 'ann', [tea(1, 10, undefined, quantity(10))]));
      await till.settle(till.receipt(2, 'ann', [tea(1, -4, 1, quantity(-4))]));
      await till.settle(till.receipt(2, 'ann', [tea(1, -1, 1, quantity(-1))], { revision: 2 }));
      expect(await till.points('ann')).toBe(9);
      await rerate(1, 2);
      expect(await till.points('ann')).toBe(due);
    },
  );

  it.each([
    ['no merge', null],
    ['who bought becomes part of who got the return', ['ann', 'bob']],
    ['who got the return becomes part of who bought', ['bob', 'ann']],
  ] as const)(
    'reaches a receipt that an earlier run had rated, over a merge: %s',
    async (_, into) => {
      const { till, rerate, merge } = await open((version) => version, 'ann', 'bob');
      await till.settle(till.receipt(1, 'bob', [tea(1, 3, undefined, quantity(3))]));
      await till.settle(
        till.receipt(2, 'ann', [tea(1, 10, undefined, quantity(10)), tea(2, -3, 1, quantity(-3))]),
      );
      await rerate(1, 2);
      if (into !== null) await merge(into[0], into[1]);
      await rerate(2, 3);
      expect(await pointsOfAll(till, 'ann', 'bob')).toBe(30);
    },
  );
});
