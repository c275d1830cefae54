import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  createPostgresEventStore,
  eventStoreSchema,
  type EventStore,
} from '@tallystick/event-store';
import { accountId, instant } from '@tallystick/kernel';
import { provision } from '@tallystick/postgres';
import {
  budgetOfLot,
  budgetStream,
  budgetsUsedBy,
  decodeBudgetEvent,
  partnerFactId,
  receiptFactId,
} from '@tallystick/receipts';
import type { Budget, Rulebook } from '@tallystick/rulebook';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { explainFact } from '../explain/explain-fact.js';
import { openTill, tea, type Till } from '../testing/settling.js';
import type { Arrival, Settled } from './settle-fact.js';

let database: TestDatabase;
let store: EventStore;

beforeAll(async () => {
  database = await testDatabase();
  await provision(database.url, [], [eventStoreSchema]);
  store = createPostgresEventStore({ db: database.url });
});
afterAll(async () => {
  await store.close();
  await database.drop();
});

/** A point a pound, as long as the campaign's budget lasts. */
const campaign = (budget: Partial<Budget>, more: Partial<Rulebook> = {}): Partial<Rulebook> => ({
  earning: [
    {
      ...{ id: 'spring', kind: 'bonus', points: 1, per: '1', rounding: 'down' },
      ...{ level: 'receipt', funder: 'chain', budget: 'spring' },
    },
  ],
  budgets: [{ id: 'spring', ...budget }],
  ...more,
});

const openCampaign = async (
  budget: Partial<Budget>,
  members: readonly string[] = ['ann', 'bob'],
  more: Partial<Rulebook> = {},
): Promise<Till> => {
  const till = await openTill(store, campaign(budget, more));
  for (const member of members) await till.open(member);
  return till;
};

const spent = async (till: Till, name = 'spring'): Promise<readonly number[]> => {
  const stream = budgetStream(till.program, name);
  const events = (await store.readStreams([stream])).get(stream) ?? [];
  return events.map((event) => decodeBudgetEvent(event).data.used);
};
const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
const earned = (settled: readonly Settled[]) =>
  settled.map(({ outcome, earned: points }) => [outcome, points]);

describe('a budget', () => {
  it('pays until it is spent, then its rule gives nothing, and the award says why', async () => {
    const till = await openCampaign({ points: 25 });
    const settled = await till.settle(
      ...['ann', 'bob', 'ann', 'bob'].map((member, index) => till.receipt(index + 1, member)),
    );
    expect(earned(settled)).toEqual([
      ['awarded', 10],
      ['awarded', 10],
      ['awarded', 5],
      ['nothing', 0],
    ]);
    expect(settled[3]).toMatchObject({ reason: 'budget-spent' });
    expect(await spent(till)).toEqual([10, 10, 5]);
    const third = receiptFactId(till.program, till.receipt(3, 'ann').fact.ref);
    expect(await explainFact(till.memory, third)).toMatchObject({
      awards: [
        {
          proven: true,
          explanation: {
            points: 5,
            rules: [
              {
                rounded: 10,
                points: 5,
                cuts: [{ by: 'budget', budget: 'spring', left: 5, cut: 5 }],
              },
            ],
          },
        },
      ],
    });
  });

  it('counts a receipt once, however often it comes, and a process that starts anew goes on', async () => {
    const till = await openCampaign({ points: 100 });
    const one = till.receipt(1, 'ann');
    await till.settle(one, one);
    await till.another().settle(one, till.receipt(2, 'bob'));
    await till.settle(one, till.receipt(3, 'bob'));
    expect(await spent(till)).toEqual([10, 10, 10]);
  });

  it('is never exceeded by several processes at once, and its last point goes to one', async () => {
    const members = Array.from({ length: 24 }, (_, index) => `m${index}`);
    const till = await openCampaign({ points: 1_003 }, members);
    const stores = Array.from({ length: 4 }, () => createPostgresEventStore({ db: database.url }));
    await Promise.all(
      stores.map(async (other, process) => {
        const { settle } = till.another(other);
        for (let round = 0; round < 10; round += 1)
          await settle(
            ...members
              .slice(process * 6, process * 6 + 6)
              .map((member, index) =>
                till.receipt(1_000 * process + 6 * round + index, member, [tea(1, 7)]),
              ),
          );
      }),
    );
    await Promise.all(stores.map((other) => other.close()));
    // 240 receipts of 7 points: 143 whole ones, one that gets the last 2.
    const used = await spent(till);
    expect(sum(used)).toBe(1_003);
    expect(used.filter((points) => points === 7)).toHaveLength(143);
    const points = await Promise.all(members.map((member) => till.points(member)));
    expect(sum(points)).toBe(1_003);
  });

  it('lets one of two settlers have the last point', async () => {
    for (let round = 0; round < 10; round += 1) {
      const till = await openCampaign({ points: 1 });
      const [one, two] = await Promise.all([
        till.settle(till.receipt(1, 'ann')),
        till.another().settle(till.receipt(2, 'bob')),
      ]);
      expect([...one, ...two].map(({ earned: points }) => points).sort()).toEqual([0, 1]);
      expect(await spent(till)).toEqual([1]);
    }
  });

  it('is never exceeded, whatever comes in whatever order, and counts what the accounts have of it', async () => {
    const members = ['ann', 'bob', 'eve'];
    const step = fc.record({
      by: fc.nat(2),
      kind: fc.constantFrom('sale', 'sale', 'return', 'correction', 'again'),
      of: fc.nat(9),
      member: fc.constantFrom(...members),
      points: fc.integer({ min: 1, max: 30 }),
    });
    const returns = fc.constantFrom('keep' as const, 'give-back' as const);
    await fc.assert(
      fc.asyncProperty(
        returns,
        fc.array(step, { minLength: 5, maxLength: 30 }),
        async (policy, steps) => {
          const till = await openCampaign({ points: 60, returns: policy }, members);
          const settlers = [till, till.another(), till.another()];
          const revisions = new Map<number, number>();
          const todo: Arrival[][] = settlers.map(() => []);
          steps.forEach(({ by, kind, of, member, points }, index) => {
            const revision = (revisions.get(of) ?? 1) + (kind === 'correction' ? 1 : 0);
            revisions.set(of, revision);
            todo[by]?.push(
              kind === 'return'
                ? till.receipt(100 + index, member, [tea(1, -points, of)])
                : till.receipt(of, member, [tea(1, points)], { revision }),
            );
          });
          await Promise.all(
            settlers.map(async ({ settle }, by) => {
              for (const arrival of todo[by] ?? []) await settle(arrival);
            }),
          );
          const used = sum(await spent(till));
          expect(used).toBeLessThanOrEqual(60);
          const budgetOf = budgetOfLot([till.book]);
          const held = await Promise.all(
            members.map(async (member) => {
              const state = await till.state(member);
              return budgetsUsedBy(state, state.facts.values(), budgetOf).get('spring') ?? 0;
            }),
          );
          expect(used).toBe(sum(held));
        },
      ),
      { numRuns: 12 },
    );
  });

  it('gets back what an account had of it that is about to become part of another', async () => {
    const till = await openCampaign({ points: 12, per: 'month', returns: 'give-back' });
    await till.settle(till.receipt(1, 'ann'));
    await till.leave('ann', 'bob');
    const june = { occurredAt: instant('2026-06-01T00:00:00Z') };
    expect(await till.settle(till.receipt(2, 'ann', [tea(1, -10, 1)], june))).toMatchObject([
      { reversed: 10 },
    ]);
    expect(await till.points('bob')).toBe(0);
    expect(await spent(till, 'spring/2026-05')).toEqual([10, -10]);
  });

  it('of each month begins anew, by the day of the receipt', async () => {
    const till = await openCampaign({ points: 12, per: 'month' });
    const may = till.receipt(1, 'ann');
    const june = till.receipt(2, 'ann', [tea(1, 10)], {
      occurredAt: instant('2026-06-01T08:00:00Z'),
    });
    const late = till.receipt(3, 'ann');
    expect(earned(await till.settle(may, june, late))).toEqual([
      ['awarded', 10],
      ['awarded', 10],
      ['awarded', 2],
    ]);
    expect(await spent(till, 'spring/2026-05')).toEqual([10, 2]);
    expect(await spent(till, 'spring/2026-06')).toEqual([10]);
  });

  it('in money pays by what points are worth, rounded against the campaign', async () => {
    // 3 points are a penny's worth 1.00 / 300: 10 points cost 3.34 pence, so 4. Of 0.10, 6 pence are left: 18 points.
    const till = await openCampaign({ money: '0.10' }, ['ann', 'bob'], {
      redemption: { points: 300, value: '1.00' },
    });
    const settled = await till.settle(
      till.receipt(1, 'ann'),
      till.receipt(2, 'bob', [tea(1, 50)]),
      till.receipt(3, 'ann'),
    );
    expect(settled.map(({ earned: points }) => points)).toEqual([10, 18, 0]);
    expect(await spent(till)).toEqual([4, 6]);
  });
});

describe('a manager who awards colleagues', () => {
  const rules: Partial<Rulebook> = {
    partnerEvents: [
      {
        ...{ id: 'thanks', partner: 'work', type: 'thanks', points: 30 },
        per: null,
        rounding: 'down',
        budget: 'managers',
      },
    ],
    budgets: [{ id: 'managers', points: 50, per: 'month', each: 'sender' }],
  };
  const award = (till: Till, number: number, to: string, sender?: string): Arrival => {
    const event = String(number);
    const content = {
      ...{ program: till.program, partner: 'work', type: 'thanks', card: till.card(to) },
      ...{ occurredAt: instant('2026-05-05T12:00:00Z'), amount: null, currency: null },
      ...(sender === undefined ? {} : { sender, reason: 'helped out' }),
    };
    const id = partnerFactId(till.program, 'work', event);
    return { fact: { ...content, id, hash: event }, metadata: till.receipt(0, null).metadata };
  };

  it('gives what is left of a budget of their own, whatever several processes do at once', async () => {
    const till = await openTill(store, rules);
    for (const name of ['ann', 'bob']) await till.open(name);
    const others = [till, till.another(), till.another()];
    const awards = [1, 2, 3, 4].map((number) =>
      award(till, number, number % 2 ? 'ann' : 'bob', 'jane'),
    );
    const outcomes = await Promise.all(others.map(async ({ settle }) => settle(...awards)));
    const points = (outcomes[0] ?? []).map(({ earned: one }) => one);
    expect([...points].sort()).toEqual([0, 0, 20, 30]);
    expect(sum(await spent(till, 'managers/2026-05/jane'))).toBe(50);
    expect((await till.points('ann')) + (await till.points('bob'))).toBe(50);
    expect(await till.settle(award(till, 5, 'ann', 'tom'), award(till, 6, 'ann'))).toMatchObject([
      { earned: 30 },
      { outcome: 'nothing', reason: 'no-sender' },
    ]);
  });
});

describe('what comes back', () => {
  const back = (till: Till) => till.receipt(9, 'ann', [tea(1, -10, 1)]);

  it('by a return stays spent, unless the document lets it be given again', async () => {
    const kept = await openCampaign({ points: 10 });
    await kept.settle(kept.receipt(1, 'ann'), back(kept));
    expect(await kept.settle(kept.receipt(2, 'bob'))).toMatchObject([{ outcome: 'nothing' }]);
    expect(await spent(kept)).toEqual([10]);

    const again = await openCampaign({ points: 10, returns: 'give-back' });
    await again.settle(again.receipt(1, 'ann'), back(again), back(again));
    expect(await again.settle(again.receipt(2, 'bob'))).toMatchObject([{ earned: 10 }]);
    expect(await spent(again)).toEqual([10, -10, 10]);
  });

  it.each(['keep', 'give-back'] as const)(
    'by a correction is what the corrected receipt has no more (%s), also when it goes to another member',
    async (returns) => {
      const till = await openCampaign({ points: 12, returns });
      await till.settle(till.receipt(1, 'ann'));
      const smaller = till.receipt(1, 'ann', [tea(1, 4)], { revision: 2 });
      expect(await till.settle(smaller, till.receipt(2, 'bob', [tea(1, 6)]))).toMatchObject([
        { outcome: 'awarded' },
        { earned: 6 },
      ]);
      expect(await spent(till)).toEqual([10, -6, 6]);
      // Two are left, and its own four.
      const larger = till.receipt(1, 'bob', [tea(1, 20)], { revision: 3 });
      await till.settle(larger);
      expect([await till.points('ann'), await till.points('bob')]).toEqual([0, 12]);
      expect(sum(await spent(till))).toBe(12);
    },
  );

  it('by a correction of a receipt of which something came back stays as the document says', async () => {
    const till = await openCampaign({ points: 20 });
    const two = [tea(1, 10), tea(2, 5)];
    await till.settle(till.receipt(1, 'ann', two), till.receipt(9, 'ann', [tea(1, -10, 1)]));
    await till.settle(till.receipt(1, 'ann', [tea(1, 10), tea(2, 8)], { revision: 2 }));
    expect(await spent(till)).toEqual([15, 3]);
    expect(await till.points('ann')).toBe(8);
  });
});

describe('a crash', () => {
  const parts = [{ account: accountId('ann'), lines: [1] }];

  it('between the pin and the budget is healed by the next delivery', async () => {
    const till = await openCampaign({ points: 10 });
    const one = till.receipt(1, 'ann');
    await till.pinOnly(one, parts);
    expect(await till.another().settle(one, till.receipt(2, 'bob'))).toMatchObject([
      { earned: 10 },
      { earned: 0, reason: 'budget-spent' },
    ]);
    expect(await spent(till)).toEqual([10]);
  });

  it('between the budget and the award, too: what was counted is awarded, once', async () => {
    const till = await openCampaign({ points: 10 });
    const one = till.receipt(1, 'ann');
    await till.pinOnly(one, parts);
    await till.spendOnly(one, 'spring', 10);
    expect(await till.another().settle(till.receipt(2, 'bob'))).toMatchObject([{ earned: 0 }]);
    expect(await till.another().settle(one)).toMatchObject([{ earned: 10 }]);
    expect(await till.settle(one)).toMatchObject([{ earned: 10, known: true }]);
    expect(await spent(till)).toEqual([10]);
  });

  it('after which the account earns less leaves the rest to others', async () => {
    const till = await openCampaign({ points: 10 }, ['ann', 'bob'], {
      caps: [{ points: 6, per: 'lifetime' }],
    });
    const one = till.receipt(1, 'ann');
    await till.pinOnly(one, parts);
    await till.spendOnly(one, 'spring', 10);
    expect(await till.settle(one, till.receipt(2, 'bob'))).toMatchObject([
      { earned: 6 },
      { earned: 4 },
    ]);
    expect(await spent(till)).toEqual([10, -4, 4]);
  });
});
