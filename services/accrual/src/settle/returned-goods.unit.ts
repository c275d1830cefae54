/** Goods that came back earn nothing, whoever has their sale, and whenever: the cases by their names. `goods-kept.unit.ts` plays all the others. */
import { describe, expect, it } from '@jest/globals';
import { StoreUnavailable } from '@tallystick/event-store';
import { accountId } from '@tallystick/kernel';
import { arrearsOf, assertEquation } from '@tallystick/ledger';
import { claimReceipt } from '../claims/claim-receipt.js';
import { now, openTill, tea, type Till } from '../testing/settling.js';
import { storeInMemory } from '../testing/store-in-memory.js';
import { Memory } from './memory.js';
import { Settler } from './settler.js';

const three = tea(1, 30, undefined, { quantity: '3' });
const back = (count: number, of = 1, ordinal = 1) =>
  tea(ordinal, -10 * count, of, { quantity: `-${count}` });
const cancelled = { revision: 2 };

const shop = async () => {
  const memory = storeInMemory();
  const till = await openTill(memory.store);
  for (const name of ['ann', 'bob']) await till.open(name);
  return { ...till, ...memory };
};
type Shop = Awaited<ReturnType<typeof shop>>;

/** A process of its own. */
const processOf = ({ store }: { readonly store: Shop['store'] }) => {
  const memory = new Memory({ store });
  return { memory, settler: new Settler(memory, () => now), clock: () => now };
};
const claim = (at: Shop, number: number, by = 'ann') => {
  const { fact, metadata } = at.receipt(number, null);
  const request = { receipt: fact.id, account: accountId(by), total: null };
  return claimReceipt(processOf(at), request, () => metadata);
};
const link = async (at: Shop, card: string, to: string) => {
  await at.attach(card, to);
  await at.settler.claim(at.program, at.card(card), at.receipt(0, null).metadata);
};
const has = async (at: Till, name: string): Promise<number> => {
  const state = await at.state(name);
  assertEquation(state);
  return (await at.points(name)) - arrearsOf(state);
};

describe('a sale without a card, whose goods came back before it is claimed', () => {
  it.each([
    ['without a card', null],
    ['with the card of who claims it', 'ann'],
    ['with the card of somebody else', 'bob'],
    ['with a card that nobody has', 'nobodys'],
  ])('earns nothing for what was returned %s', async (_, card) => {
    const at = await shop();
    await at.settle(at.receipt(1, null, [three]));
    await at.settle(at.receipt(2, card, [back(1)]));
    expect(await claim(at, 1)).toMatchObject({ kind: 'claimed', outcome: { earned: 30 } });
    expect(await has(at, 'ann')).toBe(20);
    expect(await at.find(2)).toMatchObject({ outcome: 'awarded', account: 'ann', reversed: 10 });
    // The rest comes back now; and no more than that.
    expect(await at.settle(at.receipt(3, card, [back(3)]))).toMatchObject([{ reversed: 20 }]);
    expect([await has(at, 'ann'), await has(at, 'bob')]).toEqual([0, 0]);
  });

  it('earns nothing for what was exchanged for other goods, with a card that nobody has, whose goods wait', async () => {
    const at = await shop();
    await at.settle(at.receipt(1, null, [three]));
    const exchange = at.receipt(2, 'x', [tea(1, 7, undefined, { product: 'pot' }), back(3, 1, 2)]);
    expect(await at.settle(exchange)).toMatchObject([{ outcome: 'waiting' }]);
    await claim(at, 1);
    expect(await has(at, 'ann')).toBe(0);
    expect(await at.find(2)).toMatchObject({
      lines: [{ outcome: 'waiting' }, { outcome: 'reversed', points: -30 }],
    });
    // The card turns out to be that of the same account.
    await link(at, 'x', 'ann');
    expect(await has(at, 'ann')).toBe(7);
    expect(await at.settle(exchange)).toMatchObject([{ earned: 7, reversed: 30, known: true }]);
    // It is remembered what it returned: its correction gives that back.
    const corrected = at.receipt(2, 'x', [tea(1, 7, undefined, { product: 'pot' })], {
      revision: 2,
    });
    await at.settle(corrected);
    expect(await has(at, 'ann')).toBe(37);
  });

  it('earns nothing where several partial returns together cover it', async () => {
    const at = await shop();
    await at.settle(at.receipt(1, null, [three]));
    for (const [number, card] of [
      [2, null],
      [3, 'bob'],
      [4, 'ann'],
      [5, null],
    ] as const)
      await at.settle(at.receipt(number, card, [back(1)]));
    await claim(at, 1);
    expect([await has(at, 'ann'), await has(at, 'bob')]).toEqual([0, 0]);
  });

  it('a return with no sale that we know, and the sale that then arrives: it earns nothing', async () => {
    for (const card of [null, 'ann', 'bob', 'nobodys']) {
      const at = await shop();
      await at.settle(at.receipt(2, card, [back(3)]));
      await at.settle(at.receipt(1, null, [three]));
      await claim(at, 1);
      expect([await has(at, 'ann'), await has(at, 'bob')]).toEqual([0, 0]);
    }
  });

  it('earns nothing, told in one batch with its returns in any order', async () => {
    for (const order of [
      [0, 1, 2],
      [2, 0, 1],
      [1, 2, 0],
    ]) {
      const at = await shop();
      const told = [
        at.receipt(1, 'ann', [three]),
        at.receipt(2, null, [back(1)]),
        at.receipt(3, 'bob', [back(2)]),
      ];
      await at.settle(...order.flatMap((index) => told[index] ?? []));
      expect([await has(at, 'ann'), await has(at, 'bob')]).toEqual([0, 0]);
    }
  });

  it('earns what it is worth by the last revision of a return that was corrected, or cancelled, before or after', async () => {
    for (const corrects of ['before', 'after'])
      for (const [lines, points] of [
        [[back(2)], 10],
        [[], 30],
      ] as const) {
        const at = await shop();
        await at.settle(at.receipt(1, null, [three]));
        await at.settle(at.receipt(2, 'bob', [back(1)]));
        if (corrects === 'after') await claim(at, 1);
        await at.settle(at.receipt(2, 'bob', lines, cancelled));
        if (corrects === 'before') await claim(at, 1);
        expect([await has(at, 'ann'), await has(at, 'bob')]).toEqual([points, 0]);
      }
  });

  it('earns what was sold where the return names no receipt: nothing says that these goods were it', async () => {
    const at = await shop();
    await at.settle(at.receipt(1, null, [three]));
    const nameless = tea(1, -30, undefined, { quantity: '-3' });
    expect(await at.settle(at.receipt(2, 'ann', [nameless]))).toMatchObject([
      { outcome: 'nothing', lines: [{ outcome: 'unmatched' }] },
    ]);
    await claim(at, 1);
    expect(await at.settle(at.receipt(3, 'ann', [nameless]))).toMatchObject([
      { outcome: 'nothing', lines: [{ outcome: 'unmatched' }] },
    ]);
    expect(await has(at, 'ann')).toBe(30);
  });

  it('earns nothing, whatever was killed between any two writes of return and claim', async () => {
    for (const dies of ['return', 'claim'])
      for (let written = 0; written < 5; written += 1) {
        const at = await shop();
        await at.settle(at.receipt(1, null, [three]));
        const steps = {
          return: () => at.another(at.store).settle(at.receipt(2, 'bob', [back(3)])),
          claim: () => claim(at, 1),
        };
        for (const [name, step] of Object.entries(steps)) {
          if (name === dies) at.dieAfter(written);
          await step().catch((error: unknown) => {
            expect(error).toBeInstanceOf(StoreUnavailable);
          });
          at.revive();
        }
        // What the sweeper does, and the till that had no answer.
        for (const name of ['return', 'claim'] as const) await steps[name]();
        await at.settle(at.receipt(1, null, [three]));
        expect([await has(at, 'ann'), await has(at, 'bob')]).toEqual([0, 0]);
      }
  });
});

describe('a sale with a card that nobody has yet, whose goods came back', () => {
  it.each([null, 'x', 'bob', 'nobodys'])(
    'earns nothing for them when the card is linked, returned with the card %s',
    async (card) => {
      for (const order of ['sale first', 'return first']) {
        const at = await shop();
        const told = [at.receipt(1, 'x', [three]), at.receipt(2, card, [back(2)])];
        for (const one of order === 'sale first' ? told : told.toReversed()) await at.settle(one);
        await link(at, 'x', 'ann');
        expect([await has(at, 'ann'), await has(at, 'bob')]).toEqual([10, 0]);
      }
    },
  );

  it('holds up nothing else of the receipt that returns them', async () => {
    const at = await shop();
    await at.settle(at.receipt(1, 'x', [three]));
    const exchange = at.receipt(2, 'bob', [
      tea(1, 7, undefined, { product: 'pot' }),
      back(3, 1, 2),
    ]);
    expect(await at.settle(exchange)).toMatchObject([
      { earned: 7, lines: [{ outcome: 'earned' }, { outcome: 'waiting' }] },
    ]);
    await link(at, 'x', 'ann');
    expect([await has(at, 'ann'), await has(at, 'bob')]).toEqual([0, 7]);
  });
});

describe('a correction that takes a receipt away from an account', () => {
  it('takes its return along: what corrects that one reaches the other account', async () => {
    const at = await shop();
    await at.settle(at.receipt(1, 'ann', [three]));
    await at.settle(at.receipt(2, null, [back(2)]));
    await at.settle(at.receipt(1, 'bob', [three], { revision: 2 }));
    expect([await has(at, 'ann'), await has(at, 'bob')]).toEqual([0, 10]);
    expect(await at.find(2)).toMatchObject({ account: 'bob', reversed: 20 });
    await at.settle(at.receipt(2, null, [back(1)], { revision: 2 }));
    expect([await has(at, 'ann'), await has(at, 'bob')]).toEqual([0, 20]);
    await at.settle(at.receipt(1, 'ann', [three], { revision: 3 }));
    expect([await has(at, 'ann'), await has(at, 'bob')]).toEqual([20, 0]);
  });

  it('takes back at once what it had given, though nobody has the new card; and gives it again, to whom that is linked', async () => {
    for (const to of ['ann', 'bob']) {
      const at = await shop();
      await at.settle(at.receipt(1, 'ann', [three]));
      await at.settle(at.receipt(2, 'ann', [tea(1, -10)])); // names no receipt, and is matched to it
      const corrected = at.receipt(1, 'x', [three], { revision: 2 });
      expect(await at.settle(corrected)).toMatchObject([{ outcome: 'waiting', reversed: 20 }]);
      expect(await at.settle(corrected)).toMatchObject([{ outcome: 'waiting', known: true }]);
      expect(await has(at, 'ann')).toBe(0);
      await link(at, 'x', to);
      expect(await has(at, to)).toBe(20);
      expect(await at.settle(corrected)).toMatchObject([{ earned: 30, account: to, known: true }]);
    }
  });
});

describe('two returns of one line that held goods for one of them', () => {
  it('take it back, whichever of them is cancelled', async () => {
    for (const number of [2, 3]) {
      const at = await shop();
      await at.settle(at.receipt(1, 'ann', [tea(1, 10)]));
      for (const one of [2, 3]) await at.settle(at.receipt(one, null, [back(1)]));
      await at.settle(at.receipt(number, null, [], cancelled));
      expect(await has(at, 'ann')).toBe(0);
      await at.settle(at.receipt(5 - number, null, [], cancelled));
      expect(await has(at, 'ann')).toBe(10);
    }
  });
});

describe('a receipt without a card, of which some lines go to an account already', () => {
  const exchange = (at: Shop) =>
    at.receipt(2, null, [tea(1, 7, undefined, { product: 'pot' }), back(1, 1, 2)]);

  it.each([
    ['by the account of the sale that it returns', 'ann', [27, 0]],
    ['by another account', 'bob', [20, 7]],
  ])('can be claimed for its other lines, %s', async (_, by, points) => {
    const at = await shop();
    await at.settle(at.receipt(1, 'ann', [three]), exchange(at));
    expect(await claim(at, 2, by)).toMatchObject({ kind: 'claimed' });
    expect([await has(at, 'ann'), await has(at, 'bob')]).toEqual(points);
    expect(await at.settle(exchange(at))).toMatchObject([{ earned: 7, reversed: 10, known: true }]);
    expect(await claim(at, 2, by)).toMatchObject({ kind: 'claimed', outcome: { known: true } });
    expect([await has(at, 'ann'), await has(at, 'bob')]).toEqual(points);
  });

  it('cannot where all of them do', async () => {
    const at = await shop();
    await at.settle(at.receipt(1, 'ann', [three]), at.receipt(2, null, [back(1)]));
    expect(await claim(at, 2, 'bob')).toEqual({
      ...{ kind: 'not-claimable', reason: 'all-of-it-has-an-account' },
    });
  });
});
