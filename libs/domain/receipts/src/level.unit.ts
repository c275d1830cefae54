import { describe, expect, it } from '@jest/globals';
import { instant, localDate, programId } from '@tallystick/kernel';
import { valuation } from '@tallystick/ledger';
import { spendingFault, type ReceiptFact, type Rulebook } from '@tallystick/rulebook';
import { Club, refOf, rulebook } from '../fixtures/club.js';
import { calculate, levelAt, receiptFactId } from './index.js';

const program = programId(rulebook.program);
const level = (id: string, from: string) => ({ id, from, multiplier: '1' });
const earned: Rulebook = {
  ...rulebook,
  redemption: { points: 100, value: '1.00' },
  tiers: {
    ...{ by: 'spend', window: 'rolling-12-months', downgrade: { graceMonths: 2 } },
    levels: [level('card', '0'), level('gold', '100'), level('black', '300')],
  },
  rewards: [
    { id: 'mug', name: 'A mug', points: 60 },
    { id: 'lunch', name: 'A lunch', points: 90, tier: 'gold' },
    { id: 'flight', name: 'A flight', points: 250, tier: 'black' },
    { id: 'key', name: 'A key', points: 1, tier: 'gold' },
  ],
};
const paid: Rulebook = {
  ...earned,
  tiers: {
    ...{ by: 'paid', window: 'lifetime' },
    levels: [level('card', '0'), level('gold', '1')],
  },
  rewards: earned.rewards?.filter(({ tier }) => tier !== 'black') ?? [],
  memberships: [{ id: 'year', level: 'gold', months: 3, fee: '20.00', product: 'plus' }],
};

/** A basket of something small, sold at a moment. */
const basketAt = (at: string): ReceiptFact => {
  const ref = refOf('basket', { businessDate: localDate(at.slice(0, 10)) });
  return {
    ...{ id: receiptFactId(program, ref), ref, revision: 1, hash: 'h' },
    ...{ program, occurredAt: instant(at) },
    ...{ card: null, currency: 'GBP', channel: null, paidWithPoints: '0' },
    lines: [
      {
        ...{ ordinal: 1, product: 'tea', category: null, brand: null, amount: '1.00' },
        ...{ quantity: '1', original: null },
      },
    ],
  };
};

describe.each([
  ['by spend', earned],
  ['paid', paid],
])('a member of a ladder %s', (_, book) => {
  it('is told before the sale of exactly those rewards that it then may have', () => {
    const club = new Club(book);
    const told = new Set<string>();
    for (let month = 0; month < 40; month += 1) {
      const day = `${2024 + Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}-05`;
      const [sold, asked] = [`${day}T10:00:00Z`, `${day}T23:30:00Z`];
      const product = month % 7 === 3 ? 'plus' : 'tea';
      const amount = month % 9 < 4 ? '70.00' : '20.00';
      club.hears({ number: `${month}`, at: sold, day, lines: [{ product, amount }] });
      for (const at of [sold, asked]) {
        const account = club.present(at);
        const { available } = valuation(account, instant(at));
        const may = (book.rewards ?? []).filter(
          ({ id, points }) =>
            points <= available &&
            spendingFault(book, { kind: `reward:${id}`, points }, () =>
              levelAt(account, book, instant(at)),
            ) === null,
        );
        const { rewards } = calculate(account, basketAt(at), book, instant(at));
        expect([at, rewards]).toEqual([at, may]);
        told.add(rewards.map(({ id }) => id).join(' '));
      }
      const spent = Math.min(club.worth(asked).available, month % 5 === 0 ? 200 : 0);
      if (spent > 0) club.redeem(`${month}`, spent, asked);
    }
    // Levels come and go, and points with them: otherwise it would say nothing.
    expect(told.size).toBeGreaterThan(2);
  });
});
