import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AppendRefused,
  createPostgresEventStore,
  eventStoreSchema,
  type EventStore,
} from '@tallystick/event-store';
import { accountId, programId } from '@tallystick/kernel';
import { provision } from '@tallystick/postgres';
import { cardStream } from '@tallystick/receipts';
import { testDatabase, type TestDatabase } from '@tallystick/testing';
import { openTill, tea, type Till } from '../testing/settling.js';
import { Memory } from './memory.js';
import { Workspace } from './workspace.js';

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

const withAnn = async (rules: Parameters<typeof openTill>[1] = {}): Promise<Till> => {
  const till = await openTill(store, rules);
  await till.open('ann');
  return till;
};
/** The facts that an account was awarded for, in its order. */
const awarded = async (till: Till): Promise<readonly string[]> =>
  (await till.events('ann'))
    .filter(({ type }) => type === 'PointsEarned')
    .map(({ data }) => (JSON.parse(data) as { fact: string }).fact);

describe('a receipt', () => {
  it('is awarded once, however often and however close together it comes', async () => {
    const till = await withAnn();
    const [one, two] = [till.receipt(1, 'ann'), till.receipt(2, 'ann')];
    const outcomes = await till.settle(one, one, two);
    expect(outcomes.map(({ outcome, earned, known }) => [outcome, earned, known])).toEqual([
      ['awarded', 10, false],
      ['awarded', 10, true],
      ['awarded', 10, false],
    ]);
    const again = await Promise.all(
      Array.from({ length: 20 }, async () => await till.settle(one, two)),
    );
    for (const outcomesAgain of again)
      expect(outcomesAgain).toMatchObject([
        { outcome: 'awarded', earned: 10, known: true },
        { outcome: 'awarded', earned: 10, known: true },
      ]);
    expect(await till.events('ann')).toHaveLength(3);
  });

  it('of one account from several writers is counted exactly once each', async () => {
    const till = await withAnn();
    const stores = Array.from({ length: 4 }, () => createPostgresEventStore({ db: database.url }));
    await Promise.all(
      stores.map(async (other) => {
        const { settle } = till.another(other);
        for (let number = 0; number < 25; number += 1) await settle(till.receipt(number, 'ann'));
      }),
    );
    await Promise.all(stores.map((other) => other.close()));
    expect(await awarded(till)).toHaveLength(25);
  });

  it('of two cards of one member used at one instant is counted for both', async () => {
    const till = await withAnn();
    await till.attach('partner-card', 'ann');
    const others = [till, till.another(), till.another()];
    await Promise.all(
      others.flatMap(({ settle }) => [
        settle(till.receipt(1, 'ann'), till.receipt(2, 'partner-card')),
        settle(till.receipt(3, 'partner-card')),
        settle(till.receipt(4, 'ann')),
      ]),
    );
    expect(await till.points('ann')).toBe(40);
    expect(await till.events('ann')).toHaveLength(5);
  });

  it('with other content and the same revision is refused, kept, and shown once', async () => {
    const till = await withAnn();
    const other = till.receipt(1, 'ann', [tea(1, 10)], { currency: 'EUR' });
    await till.settle(till.receipt(1, 'ann'));
    expect(await till.settle(other)).toMatchObject([{ outcome: 'refused', known: false }]);
    expect(await till.settle(other)).toMatchObject([{ outcome: 'refused' }]);
    expect((await till.factEvents(1)).map(({ type }) => type)).toEqual([
      'ReceiptRegistered',
      'FactRefused',
    ]);
    expect(await till.events('ann')).toHaveLength(2);
  });
});

describe('a crash between the pin and the award', () => {
  it('is healed by the next delivery, from the pin, though the card was linked to someone else meanwhile', async () => {
    const till = await withAnn();
    await till.open('bob');
    const receipt = till.receipt(1, 'bob');
    await till.pinOnly(receipt, [{ account: accountId('ann'), lines: [1] }]);
    expect(await till.find(1)).toMatchObject({ outcome: 'waiting', reason: 'not-posted-yet' });
    const told = { outcome: 'awarded', earned: 10, account: 'ann', known: true };
    expect(await till.settle(receipt)).toMatchObject([told]);
    expect(await till.settle(receipt)).toMatchObject([told]);
    expect(await till.events('ann')).toHaveLength(2);
  });
});

describe('a card that nobody has yet', () => {
  const claim = (till: Till, name: string) =>
    till.settler.claim(till.program, till.card(name), till.receipt(0, null).metadata);

  it('keeps its receipts waiting until it is linked, and they are awarded in the order in which they came', async () => {
    const till = await openTill(store);
    const [one, two] = [till.receipt(1, 'ann'), till.receipt(2, 'ann')];
    expect(await till.settle(one, two)).toMatchObject([
      { outcome: 'waiting', reason: 'card-unknown' },
      { outcome: 'waiting' },
    ]);
    expect(await till.settle(one)).toMatchObject([{ outcome: 'waiting', known: true }]);
    await till.open('ann');
    await claim(till, 'ann');
    expect(await till.settle(two)).toMatchObject([{ outcome: 'awarded', known: true }]);
    expect(await awarded(till)).toEqual([one.fact.id, two.fact.id]);
  });

  it('a link and a parking cannot miss each other', async () => {
    for (let round = 0; round < 10; round += 1) {
      const till = await openTill(store);
      const link = async () => {
        await till.open('ann').catch(() => undefined);
        await claim(till, 'ann');
      };
      await Promise.all([till.settle(till.receipt(1, 'ann')), link()]);
      // Either the receipt saw the link, or the link saw the receipt; a conflict of the test's own link is the third.
      const seen = new Workspace(new Memory({ store }));
      await seen.load([cardStream(till.program, till.card('ann'))]);
      const { links } = seen.card(till.program, till.card('ann'));
      expect(await till.find(1)).toMatchObject({
        outcome: links.length > 0 ? 'awarded' : 'waiting',
      });
    }
  });

  it('has its waiting receipts settled before the one that comes after the link', async () => {
    const till = await openTill(store);
    const [one, two] = [till.receipt(1, 'ann'), till.receipt(2, 'ann')];
    await till.settle(one);
    await till.open('ann');
    // Nobody claims: the process that heard of the link died.
    await till.settle(two);
    expect(await awarded(till)).toEqual([one.fact.id, two.fact.id]);
  });
});

describe('a receipt of a programme that nobody published', () => {
  it('is answered so, and nothing is written', async () => {
    const till = await withAnn();
    const program = programId('nowhere');
    const stranger = till.receipt(1, 'ann', [tea(1, 1)], { program });
    expect(await till.settler.settle([stranger])).toEqual([{ kind: 'program-unknown' }]);
  });
});

describe('a receipt that brings more than an account takes', () => {
  const beyond = { outcome: 'nothing', reason: 'beyond-limit', account: null, earned: 0 };
  const ofPounds = (amount: string) => [tea(1, 1, undefined, { amount })];
  const most = ofPounds(String(Number.MAX_SAFE_INTEGER));

  it.each([
    ['points', ofPounds('10000000000000')],
    ['money', most],
    ['points in all', ofPounds('9007199254740.98')],
  ])('in %s, earns nothing and says so; those beside it are settled', async (_, huge) => {
    const base = { points: 1_000, per: '1', rounding: 'down', level: 'receipt' } as const;
    const earning = [{ ...base, id: 'base', kind: 'base', funder: 'chain' } as const];
    const till = await withAnn({ earning });
    const answers = await till.settle(
      till.receipt(1, 'ann'),
      till.receipt(2, 'ann', huge),
      till.receipt(3, 'ann'),
    );
    expect(answers).toMatchObject([{ earned: 10_000 }, beyond, { earned: 10_000 }]);
    expect(await till.settle(till.receipt(2, 'ann', huge))).toMatchObject([
      { ...beyond, known: true },
    ]);
    expect(await till.events('ann')).toHaveLength(3);
    expect(await till.find(2)).toMatchObject(beyond);
    expect(await till.points('ann')).toBe(20_000);
  });

  it('and waited for its card waits no more', async () => {
    const till = await openTill(store);
    await till.settle(till.receipt(1, 'ann', most), till.receipt(2, 'ann'));
    await till.open('ann');
    expect(await till.settle(till.receipt(3, 'ann'))).toMatchObject([{ outcome: 'awarded' }]);
    expect(await till.find(1)).toMatchObject(beyond);
    expect(await till.settle(till.receipt(2, 'ann'))).toMatchObject([
      { outcome: 'awarded', known: true },
    ]);
    const stream = cardStream(till.program, till.card('ann'));
    const told = (await store.readStreams([stream])).get(stream) ?? [];
    expect(told.map(({ type }) => type)).toEqual([
      ...['FactParked', 'FactParked', 'CardAttached', 'FactClaimed', 'FactClaimed'],
    ]);
  });

  it('and corrects an earlier revision, leaves that one as it is', async () => {
    const till = await withAnn();
    await till.settle(till.receipt(1, 'ann'));
    const corrected = till.receipt(1, 'ann', most, { revision: 2 });
    expect(await till.settle(corrected)).toMatchObject([beyond]);
    expect(await till.points('ann')).toBe(10);
  });
});

describe('a receipt that can never be kept', () => {
  it('because it is larger than the store takes is answered so by itself, too', async () => {
    const till = await withAnn();
    const many = Array.from({ length: 9_000 }, (_, index) =>
      tea(index + 1, 1, undefined, { product: `tea ${'leaf '.repeat(20)}${index}` }),
    );
    const answers = await till.settler.settle([
      till.receipt(1, 'ann'),
      till.receipt(2, 'ann', many),
      till.receipt(3, 'ann'),
    ]);
    expect(answers).toMatchObject([
      { kind: 'settled' },
      { kind: 'unsettleable', error: expect.any(AppendRefused) },
      { kind: 'settled' },
    ]);
    expect(await till.find(2)).toBeUndefined();
    expect(await till.points('ann')).toBe(20);
  });
});
