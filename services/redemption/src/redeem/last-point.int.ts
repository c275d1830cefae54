import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AccountCache, Accounts } from '@tallystick/accounts';
import { createPostgresEventStore, type EventStore } from '@tallystick/event-store';
import { Points, type AccountId } from '@tallystick/kernel';
import { valuation } from '@tallystick/ledger';
import { Programs } from '../programs/programs.js';
import type { Means } from '../orders/order.js';
import { program } from '../testing/club.js';
import { openHouse, type House } from '../testing/house.js';
import { redeem } from './redeem.js';

const redemptions = 10_000;
const balance = 5_000;
/** Each with a store, and memory, of its own; that they are told apart by the system too is seen end to end. */
const processes = 4;

describe('the last point', () => {
  let house: House;
  let account: AccountId;
  const stores: EventStore[] = [];
  const means: Means[] = [];

  beforeAll(async () => {
    house = await openHouse();
    account = await house.club.open('last-point', balance);
    const { clock, deployment } = house;
    for (let n = 0; n < processes; n += 1) {
      const store = createPostgresEventStore({ db: deployment.adminUrl });
      stores.push(store);
      const accounts = new Accounts({ store, clock, cache: new AccountCache() });
      means.push({ store, clock, accounts, programs: new Programs(store) });
    }
  });
  afterAll(async () => {
    for (const store of stores) await store.close();
    await house.close();
  });

  it('10,000 concurrent redemptions of a balance of 5,000 succeed exactly 5,000 times', async () => {
    const request = { program, points: Points.points(1), kind: 'discount', reference: 'r' };
    const cause = { actor: 'store:till-7', correlationId: 'c' };
    const answers = await Promise.all(
      Array.from({ length: redemptions }, (_, n) => {
        const by = means[n % processes];
        if (by === undefined) throw new Error('no process');
        return redeem(by, 'till-7', `k${n}`, request, { account, follows: false }, cause);
      }),
    );
    const left = answers.flatMap((answer) =>
      answer.kind === 'done' ? [answer.done.available] : [],
    );
    expect(left.sort((a, b) => a - b)).toEqual(Array.from({ length: balance }, (_, n) => n));
    const refused = answers.filter(({ kind }) => kind !== 'done');
    expect(refused).toHaveLength(redemptions - balance);
    expect(new Set(refused.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([JSON.stringify({ kind: 'insufficient', available: 0 })]),
    );
    const { accounts } = house.club;
    const seen = await accounts.look(program, account, (state) => valuation(state, house.clock()));
    expect(seen).toMatchObject({ unspent: 0, arrears: 0 });
  });
});
