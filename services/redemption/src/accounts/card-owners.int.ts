import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createPool, type Database } from '@tallystick/postgres';
import { accountId, addMs, instant, programId, type CardToken } from '@tallystick/kernel';
import { eventually } from '@tallystick/testing/service';
import { openHouse, type House } from '../testing/house.js';
import { CardOwners } from './card-owners.js';
import { Heard } from './heard.js';

const program = programId('club');
const now = instant('2026-06-01T00:00:00Z');
const [anna, bert] = [accountId('anna'), accountId('bert')];

let house: House;
let db: Database;
let heard: Heard;
let owners: CardOwners;
/** Queries that were made for cards. */
let asked: () => number;

const link = (card: CardToken, account: string, from: string) =>
  heard.linked({ program, member: 'm', account, card, from });

beforeAll(async () => {
  house = await openHouse();
  const { deployment } = house;
  db = createPool(deployment.adminUrl, { searchPath: 'redemption' });
  heard = new Heard(house.service.db);
  const query = jest.spyOn(db, 'query');
  asked = () => query.mock.calls.length;
  owners = new CardOwners(db);
  owners.onApplicationBootstrap();
  const warm = house.tokenOf('warm');
  await link(warm, anna, '2026-01-01T00:00:00Z');
  await eventually(async () => {
    const before = asked();
    await owners.ownerOf(program, warm, now);
    return asked() === before;
  });
});
afterAll(async () => {
  await owners.onApplicationShutdown();
  await db.end();
  await house.close();
});

describe('whose a card is', () => {
  it('is asked once for many, and not again for who was asked for lately', async () => {
    const cards = ['1', '2', '3'].map(house.tokenOf);
    for (const card of cards) await link(card, anna, '2026-01-01T00:00:00Z');
    const before = asked();
    for (let turn = 0; turn < 3; turn += 1) {
      const all = await Promise.all(cards.map((card) => owners.ownerOf(program, card, now)));
      expect(all).toEqual([anna, anna, anna]);
    }
    expect(asked() - before).toBe(1);
  });

  it('is asked again as long as nobody has it', async () => {
    const card = house.tokenOf('new');
    expect(await owners.ownerOf(program, card, now)).toBeNull();
    await link(card, bert, '2026-01-01T00:00:00Z');
    expect(await owners.ownerOf(program, card, now)).toBe(bert);
  });

  it('is told to every process when it changes', async () => {
    const card = house.tokenOf('moves');
    await link(card, anna, '2026-01-01T00:00:00Z');
    expect(await owners.ownerOf(program, card, now)).toBe(anna);
    await link(card, bert, '2026-02-01T00:00:00Z');
    await eventually(async () => (await owners.ownerOf(program, card, now)) === bert);
  });

  it('is by the moment: what begins later begins then', async () => {
    const card = house.tokenOf('later');
    await link(card, anna, '2026-01-01T00:00:00Z');
    await link(card, bert, '2026-07-01T00:00:00Z');
    for (let turn = 0; turn < 2; turn += 1) {
      expect(await owners.ownerOf(program, card, now)).toBe(anna);
      expect(await owners.ownerOf(program, card, addMs(now, 31 * 86_400_000))).toBe(bert);
    }
    // Before its first owner had it, it is that one's.
    expect(await owners.ownerOf(program, card, instant('2025-01-01T00:00:00Z'))).toBe(anna);
  });

  it('is nobody’s from when it has left, and every process is told', async () => {
    const card = house.tokenOf('left');
    const from = '2026-01-01T00:00:00Z';
    await link(card, anna, from);
    expect(await owners.ownerOf(program, card, now)).toBe(anna);
    const until = '2026-05-01T00:00:00Z';
    await heard.unlinked({ program, member: 'm', account: anna, card, from, until });
    await eventually(async () => (await owners.ownerOf(program, card, now)) === null);
    expect(await owners.ownerOf(program, card, instant('2026-04-30T00:00:00Z'))).toBe(anna);
    expect(await owners.ownerOf(program, card, instant(until))).toBeNull();
    await link(card, bert, '2026-05-20T00:00:00Z');
    await eventually(async () => (await owners.ownerOf(program, card, now)) === bert);
    expect(await owners.ownerOf(program, card, instant('2026-05-10T00:00:00Z'))).toBeNull();
  });

  it('is not kept by a process that cannot be told of changes', async () => {
    const card = house.tokenOf('lonely');
    await link(card, anna, '2026-01-01T00:00:00Z');
    await owners.ownerOf(program, card, now);
    await house.service.db.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen redemption_cards%' and datname = current_database()`,
    );
    await house.service.db.query(
      `update card_links set account = $1 where program = $2 and card = $3`,
      [bert, program, card],
    );
    await eventually(async () => (await owners.ownerOf(program, card, now)) === bert);
    await eventually(async () => {
      const before = asked();
      await owners.ownerOf(program, card, now);
      return asked() === before;
    });
  });
});
