import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readAccount } from '@tallystick/accounts';
import { ledgerStream, type AccountId } from '@tallystick/kernel';
import { equationOf, valuation } from '@tallystick/ledger';
import type { Response } from '@tallystick/testing/service';
import { z } from 'zod';
import { program } from '../testing/club.js';
import { memberOf, openHouse, store as till, type House } from '../testing/house.js';

jest.setTimeout(120_000);

/** Of which one event names some 4,000 when they move, and some 10,000 when they are spent. */
const lots = 12_000;

let house: House;
let from: AccountId;
let to: AccountId;
beforeAll(async () => {
  house = await openHouse();
  [from, to] = [await house.club.open('many-from'), await house.club.open('many-to', 1)];
  await house.club.bring(from, lots);
});
afterAll(async () => {
  await house.close();
});

const post = async (path: string, key: string, body: object, as = till): Promise<Response> => {
  const answer = await house.service.call('POST', path, { key, as, body });
  expect([answer.status, answer.problem]).toEqual([201, undefined]);
  const again = await house.neighbour.call('POST', path, { key, as, body });
  expect(again.body).toEqual(answer.body);
  return answer;
};
const idOf = (answer: Response, name: string): string =>
  z
    .record(z.string(), z.unknown())
    .transform((body) => String(body[name]))
    .parse(answer.body);
const has = async (account: AccountId) => {
  const { state } = await readAccount(house.service.store, program, account);
  const { cameIn, isThereOrWentOut } = equationOf(state);
  expect(cameIn).toBe(isThereOrWentOut);
  const { available, held } = valuation(state, house.clock());
  return { available, held, lots: state.lots.size };
};
const typesOf = async (account: AccountId): Promise<readonly string[]> => {
  const stream = ledgerStream(program, account);
  const recorded = (await house.service.store.readStreams([stream])).get(stream) ?? [];
  return recorded.map(({ type }) => type);
};
const named = { program, kind: 'discount', reference: 'till' };

describe('points out of more lots than one event names', () => {
  it('are spent and come back', async () => {
    const spent = await post('/v1/redemptions', 'spend', { ...named, account: from, points: lots });
    expect(await has(from)).toEqual({ available: 0, held: 0, lots: 0 });
    const redemption = idOf(spent, 'redemption');
    const body = { reason: 'cancelled' };
    await post(`/v1/redemptions/${program}/${redemption}/refunds`, 'back', body);
    expect(await has(from)).toEqual({ available: lots, held: 0, lots });
    expect((await typesOf(from)).filter((type) => type === 'EventPart').length).toBeGreaterThan(8);
  });

  it('are held, released, captured in part, and come back', async () => {
    const hold = async (key: string): Promise<string> => {
      const body = { ...named, account: from, points: lots };
      return idOf(await post('/v1/holds', key, body), 'hold');
    };
    const first = await hold('hold-1');
    expect(await has(from)).toEqual({ available: 0, held: lots, lots: 0 });
    await post(`/v1/holds/${program}/${first}/releases`, 'release', {});
    expect(await has(from)).toEqual({ available: lots, held: 0, lots });
    const second = await hold('hold-2');
    await post(`/v1/holds/${program}/${second}/captures`, 'capture', { points: lots - 5_000 });
    expect(await has(from)).toEqual({ available: 5_000, held: 0, lots: 5_000 });
  });

  it('are sent to another account, and spent there', async () => {
    await house.club.bring(from, 7_000);
    const transfer = { program, from: { account: from }, to: { account: to } };
    const gift = { ...transfer, points: lots, reason: 'gift' };
    await post('/v1/transfers', 'send', gift, memberOf(from));
    expect(await has(from)).toEqual({ available: 0, held: 0, lots: 0 });
    expect(await has(to)).toEqual({ available: lots + 1, held: 0, lots: lots + 1 });
    expect((await typesOf(to)).slice(-2)).toEqual(['EventPart', 'PointsTransferred']);
    await post('/v1/redemptions', 'there', { ...named, account: to, points: lots + 1 });
    expect(await has(to)).toEqual({ available: 0, held: 0, lots: 0 });
  });
});
