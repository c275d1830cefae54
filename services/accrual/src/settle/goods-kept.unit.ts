/**
 * Whatever comes in whatever order, an account has in the end what the goods earn that were kept: against a model that knows the receipts
 * as they were last told, and counts.
 */
import { describe, expect, it } from '@jest/globals';
import { StoreUnavailable } from '@tallystick/event-store';
import { accountId } from '@tallystick/kernel';
import { arrearsOf, assertEquation, valuation } from '@tallystick/ledger';
import { budgetOfLot, budgetStream, budgetsUsedBy, decodeBudgetEvent } from '@tallystick/receipts';
import type { Rulebook } from '@tallystick/rulebook';
import fc from 'fast-check';
import { claimReceipt } from '../claims/claim-receipt.js';
import { now, openTill, tea, type Till } from '../testing/settling.js';
import { storeInMemory } from '../testing/store-in-memory.js';
import { Memory } from './memory.js';
import { Settler } from './settler.js';

const numbers = [1, 2, 3, 4] as const;
const revisions = [1, 2, 3] as const;
const accounts = ['ann', 'bob'] as const;
/** Cards that lead to an account from the start, cards that may be linked, and one that nobody ever has. */
const cards = [null, null, 'ann', 'bob', 'x', 'y', 'nobodys'] as const;
const linkable = ['x', 'y'] as const;
/** Each product has its line, and a price of a point. */
const products = ['tea', 'pot'] as const;
type Product = (typeof products)[number];
const lineOf = (product: Product): number => products.indexOf(product) + 1;

interface Returned {
  readonly of: number;
  readonly product: Product;
  readonly quantity: number;
  readonly byLine: boolean;
}
interface Slip {
  readonly card: (typeof cards)[number];
  readonly sold: { readonly [P in Product]: number };
  readonly returned: readonly Returned[];
}
type Step = (
  | { readonly kind: 'deliver'; readonly number: number; readonly revision: number }
  | { readonly kind: 'claim'; readonly number: number; readonly by: (typeof accounts)[number] }
  | {
      readonly kind: 'link';
      readonly card: (typeof linkable)[number];
      readonly to: (typeof accounts)[number];
    }
) & { readonly dies: number | null };

const slip = fc.record<Slip>({
  card: fc.constantFrom(...cards),
  sold: fc.record({ tea: fc.integer({ min: 0, max: 3 }), pot: fc.integer({ min: 0, max: 2 }) }),
  returned: fc.array(
    fc.record({
      of: fc.constantFrom(...numbers),
      product: fc.constantFrom(...products),
      quantity: fc.integer({ min: 1, max: 3 }),
      byLine: fc.boolean(),
    }),
    { maxLength: 2 },
  ),
});
const dies = fc.option(fc.integer({ min: 0, max: 5 }), { freq: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('deliver' as const),
      number: fc.constantFrom(...numbers),
      revision: fc.constantFrom(...revisions),
      dies,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('claim' as const),
      number: fc.constantFrom(...numbers),
      by: fc.constantFrom(...accounts),
      dies,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('link' as const),
      card: fc.constantFrom(...linkable),
      to: fc.constantFrom(...accounts),
      dies: fc.constant(null),
    }),
  },
);
const history = fc.record({
  slips: fc.array(fc.array(slip, { minLength: 3, maxLength: 3 }), { minLength: 4, maxLength: 4 }),
  steps: fc.array(step, { minLength: 2, maxLength: 14 }),
});

const arrivalOf = (till: Till, number: number, revision: number, { card, sold, returned }: Slip) =>
  till.receipt(
    number,
    card,
    [
      ...products
        .filter((product) => sold[product] > 0)
        .map((product) =>
          tea(lineOf(product), sold[product], undefined, { product, quantity: `${sold[product]}` }),
        ),
      ...returned
        .filter(({ of }) => of !== number)
        .map(({ of, product, quantity, byLine }, index) => {
          const line = tea(11 + index, -quantity, of, { product, quantity: `-${quantity}` });
          return byLine && line.original !== null
            ? { ...line, original: { ...line.original, ordinal: lineOf(product) } }
            : line;
        }),
    ],
    { revision },
  );

/** What is known of the world, and nothing of how it came about. */
class Model {
  readonly latest = new Map<number, { readonly revision: number; readonly slip: Slip }>();
  readonly claimed = new Map<number, string>();
  readonly owners = new Map<string, string>(accounts.map((name) => [name, name]));

  hear(number: number, revision: number, said: Slip): void {
    if ((this.latest.get(number)?.revision ?? 0) < revision)
      this.latest.set(number, { revision, slip: said });
  }

  home(number: number): string | null {
    const card = this.latest.get(number)?.slip.card ?? null;
    return (card === null ? this.claimed.get(number) : this.owners.get(card)) ?? null;
  }

  points(account: string): number {
    let sum = 0;
    for (const [number, { slip: said }] of this.latest) {
      if (this.home(number) !== account) continue;
      for (const product of products)
        sum += Math.max(0, said.sold[product] - this.back(number, product));
    }
    return sum;
  }

  private back(of: number, product: Product): number {
    return [...this.latest]
      .filter(([number]) => number !== of)
      .flatMap(([, { slip: said }]) => said.returned)
      .filter((line) => line.of === of && line.product === product)
      .reduce((sum, { quantity }) => sum + quantity, 0);
  }
}

/** Plays a history; what dies is told again by another process. */
const play = async (
  { slips, steps }: { slips: readonly (readonly Slip[])[]; steps: readonly Step[] },
  rules: Partial<Rulebook> = {},
) => {
  const memory = storeInMemory();
  const till = await openTill(memory.store, rules);
  for (const name of accounts) await till.open(name);
  const model = new Model();
  const process = () => {
    const own = new Memory({ store: memory.store });
    return { memory: own, settler: new Settler(own, () => now), clock: () => now };
  };
  let one = process();
  const tell = async <T>(at: number | null, work: () => Promise<T>): Promise<T> => {
    if (at !== null) memory.dieAfter(at);
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      memory.revive();
      one = process();
      return await work();
    } finally {
      memory.revive();
    }
  };
  const settle = async (number: number, revision: number, said: Slip) => {
    const answers = await one.settler.settle([arrivalOf(till, number, revision, said)]);
    for (const answer of answers)
      if (answer.kind !== 'settled') throw new Error(answer.kind, { cause: answer });
  };
  for (const told of steps) {
    switch (told.kind) {
      case 'deliver': {
        const said = slips[told.number - 1]?.[told.revision - 1];
        if (said === undefined) throw new Error('no slip');
        await tell(told.dies, () => settle(told.number, told.revision, said));
        model.hear(told.number, told.revision, said);
        break;
      }
      case 'claim': {
        const { fact, metadata } = till.receipt(told.number, null);
        const request = { receipt: fact.id, account: accountId(told.by), total: null };
        const answer = await tell(told.dies, () => claimReceipt(one, request, () => metadata));
        const said = model.latest.get(told.number)?.slip;
        const sells = said !== undefined && products.some((product) => said.sold[product] > 0);
        const free = said?.card === null && !model.claimed.has(told.number);
        if (free && sells) expect(answer.kind).toBe('claimed');
        if (answer.kind === 'claimed' && !model.claimed.has(told.number))
          model.claimed.set(told.number, told.by);
        break;
      }
      case 'link': {
        if (model.owners.has(told.card)) break;
        await till.attach(told.card, told.to);
        model.owners.set(told.card, told.to);
        const { metadata } = till.receipt(0, null);
        await one.settler.claim(till.program, till.card(told.card), metadata);
      }
    }
  }
  return { till, model, store: memory.store };
};

describe('goods that were kept', () => {
  it('earn what they earn, in whatever order receipts, returns, corrections, claims and links come, killed between any two writes', async () => {
    await fc.assert(
      fc.asyncProperty(history, async (one) => {
        const { till, model } = await play(one);
        for (const name of accounts) {
          const state = await till.state(name);
          assertEquation(state);
          const { available } = valuation(state, now);
          expect([name, available - arrearsOf(state)]).toEqual([name, model.points(name)]);
        }
      }),
      { numRuns: 150 },
    );
  }, 120_000);

  it('have of a budget what its stream counts, whatever is killed', async () => {
    const rule = {
      ...{ id: 'base', kind: 'base' as const, points: 1, per: '1', rounding: 'down' as const },
      ...{ level: 'receipt' as const, funder: 'chain', budget: 'all' },
    };
    const budgets = [{ id: 'all', points: 1_000_000, returns: 'give-back' as const }];
    await fc.assert(
      fc.asyncProperty(history, async (one) => {
        const { till, store } = await play(one, { earning: [rule], budgets });
        const stream = budgetStream(till.program, 'all');
        const events = (await store.readStreams([stream])).get(stream) ?? [];
        let counted = 0;
        for (const event of events) counted += decodeBudgetEvent(event).data.used;
        let had = 0;
        for (const name of accounts) {
          const state = await till.state(name);
          const used = budgetsUsedBy(state, state.facts.values(), budgetOfLot([till.book]));
          had += used.get('all') ?? 0;
        }
        expect(counted).toBe(had);
      }),
      { numRuns: 100 },
    );
  }, 120_000);
});
