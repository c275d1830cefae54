import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AccountCache, Accounts } from '@tallystick/accounts';
import type { EventStore } from '@tallystick/event-store';
import { Points, ledgerStream, type AccountId } from '@tallystick/kernel';
import { dyingStore } from '@tallystick/testing/service';
import { z } from 'zod';
import { Programs } from '../programs/programs.js';
import { capture } from '../hold/capture.js';
import { placeHold } from '../hold/place-hold.js';
import { redeem } from '../redeem/redeem.js';
import { program } from '../testing/club.js';
import { cutStore } from '../testing/cut-store.js';
import { openHouse, refusal, store as till, type House } from '../testing/house.js';
import type { Means } from './order.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(async () => {
  await house.close();
});

const deaths = {
  'before it wrote': (alive: EventStore) => dyingStore(alive, 'before'),
  'before it heard that it had written': (alive: EventStore) => dyingStore(alive, 'after'),
  'between two streams': cutStore,
};

/** What a process that dies at its next append works with. */
const dying = (die: (alive: EventStore) => EventStore): Means => {
  const { clock, service } = house;
  const store = die(service.store);
  const accounts = new Accounts({ store, clock, cache: new AccountCache() });
  return { store, clock, accounts, programs: new Programs(store) };
};
const cause = { actor: 'store:till-7', correlationId: 'c' };
const events = async (account: AccountId) => {
  const stream = ledgerStream(program, account);
  const recorded = (await house.service.store.readStreams([stream])).get(stream) ?? [];
  return recorded.map(({ type }) => type);
};
const terms = { program, points: Points.points(4), kind: 'discount', reference: 'r' };

describe.each(Object.entries(deaths))('a process that dies %s', (how, die) => {
  const key = how.replaceAll(' ', '-');
  const post = (path: string, body: object) =>
    house.service.call('POST', path, { key, as: till, body });

  it('leaves a redemption that is done once when it comes again, and refused with other content', async () => {
    const account = await house.club.open(`redeem-${key}`, 10);
    const named = { account, follows: false };
    await expect(redeem(dying(die), till.sub, key, terms, named, cause)).rejects.toThrow('killed');
    const body = { ...terms, account };
    if (how !== 'before it wrote')
      expect(refusal(await post('/v1/redemptions', { ...body, points: 5 }))).toEqual([
        422,
        'idempotency-key-reused',
      ]);
    const answer = await post('/v1/redemptions', body);
    expect([answer.status, answer.body]).toMatchObject([201, { points: 4, available: 6 }]);
    expect((await post('/v1/redemptions', body)).body).toEqual(answer.body);
    expect(await events(account)).toEqual(['AccountOpened', 'PointsAdjusted', 'PointsRedeemed']);
  });

  it('leaves a redemption that its successor does where the account was merged meanwhile', async () => {
    const account = await house.club.open(`old-${key}`, 10);
    const young = await house.club.open(`young-${key}`, 1);
    const named = { account, follows: false };
    const other = `${key}-merged`;
    await expect(redeem(dying(die), till.sub, other, terms, named, cause)).rejects.toThrow();
    await house.club.merge(account, young);
    const answer = await house.service.call('POST', '/v1/redemptions', {
      ...{ key: other, as: till, body: { ...terms, account } },
    });
    // What had not begun is to be sent to the successor by whoever sends it.
    if (how === 'before it wrote') expect(refusal(answer)).toEqual([409, 'account-merged']);
    else expect([answer.status, answer.body]).toMatchObject([201, { points: 4 }]);
    const quoted = { ...{ program }, account: young };
    const { body } = await post('/v1/redemptions/quote', quoted);
    expect(body).toMatchObject({ available: how === 'before it wrote' ? 11 : 7 });
  });

  it('leaves a hold and its capture that are done once when they come again', async () => {
    const account = await house.club.open(`hold-${key}`, 10);
    const named = { account, follows: false };
    const asked = { ...terms, lapsesInSeconds: 900 };
    await expect(placeHold(dying(die), till.sub, key, asked, named, cause)).rejects.toThrow();
    const placed = await post('/v1/holds', { ...asked, account });
    expect([placed.status, placed.body]).toMatchObject([201, { available: 6 }]);
    const { hold } = z.looseObject({ hold: z.string() }).parse(placed.body);
    const part = { program, hold, points: Points.points(3), last: true };
    await expect(capture(dying(die), till.sub, key, part, cause)).rejects.toThrow();
    const captured = await post(`/v1/holds/${program}/${hold}/captures`, { points: 3 });
    expect(captured.body).toMatchObject({ points: 3, released: 1, available: 7 });
    expect(await events(account)).toEqual([
      ...['AccountOpened', 'PointsAdjusted', 'PointsHeld', 'HoldCaptured', 'HoldReleased'],
    ]);
  });
});
