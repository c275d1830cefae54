import { describe, expect, it } from '@jest/globals';
import {
  accountId,
  cardToken,
  instant,
  localDate,
  memberId,
  programId,
  type AccountId,
  type CardToken,
} from '@tallystick/kernel';
import type { ReceiptFact, ReceiptLine, Rulebook } from '@tallystick/rulebook';
import {
  decidePin,
  evolveCard,
  evolveFact,
  factStream,
  ownerAt,
  partnerFactId,
  receiptFactId,
  standingOfFact,
  unknownCard,
  type CardState,
  type FactStreamState,
} from './index.js';

const program = programId('club');
const [mine, hers] = [accountId('mine'), accountId('hers')];
const [myCard, herCard, nobodys] = [cardToken('m'), cardToken('h'), cardToken('n')];
const ref = (number: string) => ({
  chain: 'c',
  store: 's',
  till: 't',
  number,
  businessDate: localDate('2026-05-05'),
});
const line = (ordinal: number, rest: Partial<ReceiptLine> = {}): ReceiptLine => ({
  ordinal,
  product: 'tea',
  category: null,
  brand: null,
  quantity: '1',
  amount: '5',
  original: null,
  ...rest,
});
const receipt = (
  number: string,
  lines: readonly ReceiptLine[],
  card: CardToken | null,
  rest: Partial<ReceiptFact> = {},
): ReceiptFact => ({
  id: receiptFactId(program, ref(number)),
  program,
  ref: ref(number),
  revision: 1,
  hash: 'h',
  occurredAt: instant('2026-05-05T12:00:00Z'),
  card,
  currency: 'GBP',
  channel: null,
  paidWithPoints: '0',
  lines,
  ...rest,
});
const link = (account: AccountId, from = '2026-01-01T00:00:00.000Z'): CardState => ({
  links: [{ account, member: memberId('m'), from: instant(from), until: null }],
  waiting: new Set(),
  claimed: 0,
});
const sold = (fact: ReceiptFact, account: AccountId | null): FactStreamState => ({
  document: fact,
  pin:
    account === null ? null : { rulebook: null, parts: [{ account, lines: [1] }], nothing: null },
  left: [],
  claimedBy: null,
  moved: [],
  named: [],
  pins: 0,
  refused: new Set(),
});
const herSale = receipt('100', [line(1)], herCard);
const claims = (windowDays: number | null) =>
  ({ currency: 'GBP', claims: { windowDays } }) as Rulebook;

const pin = (
  fact: ReceiptFact,
  book = claims(null),
  sale = sold(herSale, hers),
  home = (account: AccountId) => account,
) =>
  decidePin(fact, {
    card: (token) => (token === myCard ? link(mine) : token === herCard ? link(hers) : unknownCard),
    fact: (id) => (id === herSale.id ? sale : null),
    home,
    rulebook: { ref: { version: 1, hash: 'r' }, book },
  });
const returnOf = (number: string, rest: Partial<ReceiptLine> = {}) =>
  line(2, { quantity: '-1', amount: '-5', original: { ...ref(number), ordinal: 1 }, ...rest });

describe('where a receipt goes', () => {
  it('is the account of its card', () => {
    expect(pin(receipt('1', [line(1)], myCard))).toMatchObject({
      pin: { parts: [{ account: mine, lines: [1] }] },
    });
  });

  it('is nowhere without a card, and it waits for one that nobody has', () => {
    expect(pin(receipt('1', [line(1)], null))).toMatchObject({ pin: { nothing: 'no-card' } });
    expect(pin(receipt('1', [line(1)], nobodys))).toEqual({ kind: 'waiting', card: nobodys });
  });

  it('a return goes to the account of the receipt that it returns, not to the card that is shown', () => {
    const exchange = receipt('1', [line(1), returnOf('100')], myCard);
    expect(pin(exchange)).toMatchObject({
      pin: {
        parts: [
          { account: mine, lines: [1] },
          { account: hers, lines: [2] },
        ],
      },
    });
    for (const card of [null, nobodys]) {
      expect(pin(receipt('1', [returnOf('100')], card))).toMatchObject({
        pin: { parts: [{ account: hers, lines: [2] }] },
      });
    }
  });

  it('waits behind a sale that waits for its card', () => {
    const back = receipt('1', [returnOf('100')], null);
    expect(pin(back, claims(null), sold(herSale, null))).toEqual({
      kind: 'waiting',
      card: herCard,
    });
  });

  it('is also where an earlier revision went, to take back there what that one gave', () => {
    const first = receipt('1', [line(1), returnOf('100')], myCard);
    const registered: FactStreamState = {
      ...sold(first, mine),
      pin: {
        rulebook: null,
        parts: [
          { account: mine, lines: [1] },
          { account: hers, lines: [2] },
        ],
        nothing: null,
      },
    };
    const corrected = (card: CardToken | null, state = registered) =>
      decidePin(receipt('1', [line(1)], card, { revision: 2 }), {
        card: (token) => (token === myCard ? link(mine) : unknownCard),
        fact: (id) => (id === first.id ? state : null),
        home: (account) => account,
        rulebook: { ref: { version: 1, hash: 'r' }, book: claims(null) },
      });
    expect(corrected(myCard)).toMatchObject({
      pin: {
        parts: [
          { account: mine, lines: [1] },
          { account: hers, lines: [] },
        ],
      },
    });
    const emptied = [
      { account: mine, lines: [] },
      { account: hers, lines: [] },
    ];
    expect(corrected(null)).toMatchObject({ pin: { nothing: 'no-card', parts: emptied } });
    // What the earlier revision gave is taken back at once; what this one brings waits.
    expect(corrected(nobodys)).toMatchObject({
      pin: { nothing: null, parts: emptied, waits: nobodys },
    });

    // An older release let all of it wait; when the card is known, what the revision before it gave is taken back.
    const waited = evolveFact(registered, {
      type: 'ReceiptRegistered',
      data: {
        fact: first.id,
        document: receipt('1', [line(1)], myCard, { revision: 2 }),
        pin: null,
      },
    });
    expect(corrected(myCard, waited)).toMatchObject({
      pin: {
        parts: [
          { account: mine, lines: [1] },
          { account: hers, lines: [] },
        ],
      },
    });
  });

  it('is nowhere for what is older than a link may claim', () => {
    const old = receipt('1', [line(1)], myCard, { occurredAt: instant('2025-11-01T00:00:00Z') });
    expect(pin(old, claims(30))).toMatchObject({ pin: { nothing: 'before-the-claim-window' } });
    expect(pin(old)).toMatchObject({ pin: { parts: [{ account: mine }] } });
  });

  it('is nowhere in a currency that is not the programme’s', () => {
    expect(pin(receipt('1', [line(1)], myCard, { currency: 'EUR' }))).toMatchObject({
      pin: { parts: [], nothing: 'other-currency' },
    });
  });

  it('is nowhere before the first rulebook is in force', () => {
    const context = {
      card: () => link(mine),
      fact: () => null,
      home: (account: AccountId) => account,
      rulebook: null,
    };
    expect(decidePin(receipt('1', [line(1)], myCard), context)).toMatchObject({
      pin: { nothing: 'no-rulebook-in-force' },
    });
  });
});

describe('a card', () => {
  it('leads to one account at a time', () => {
    const later = '2026-06-01T00:00:00.000Z';
    const state = evolveCard(link(mine), {
      type: 'CardAttached',
      data: {
        ...{ program, card: myCard, account: hers, member: 'x' as never },
        from: instant(later),
      },
    });
    expect(ownerAt(state, instant('2026-05-31T23:59:59Z'))?.account).toBe(mine);
    expect(ownerAt(state, instant(later))?.account).toBe(hers);
    // What happened before any link belongs to the first.
    expect(ownerAt(state, instant('2020-01-01T00:00:00Z'))?.account).toBe(mine);
    expect(ownerAt(unknownCard, instant(later))).toBeNull();
  });
});

describe('a card that leaves an account', () => {
  const from = instant('2026-01-01T00:00:00.000Z');
  const until = instant('2026-06-01T00:00:00.000Z');
  const member = 'x' as never;
  const left = evolveCard(link(mine), {
    type: 'CardDetached',
    data: { program, card: myCard, account: mine, member, from, until },
  });
  const again = evolveCard(left, {
    type: 'CardAttached',
    data: { program, card: myCard, account: hers, member, from: instant('2026-07-01T00:00:00Z') },
  });
  const owners = (state: CardState) =>
    ['2020-01-01', '2026-05-31', '2026-06-01', '2026-06-30', '2026-07-01'].map(
      (day) => ownerAt(state, instant(`${day}T00:00:00Z`))?.account ?? null,
    );

  it('led there before, and leads to nobody from then on', () => {
    expect(owners(left)).toEqual([mine, mine, null, null, null]);
  });

  it('leads to the next one from its link on, and what lies between is nobody’s', () => {
    expect(owners(again)).toEqual([mine, mine, null, null, hers]);
  });

  it('a late receipt goes to the account that the card led to at the time of the sale', () => {
    const on = (occurredAt: string) =>
      decidePin(receipt('1', [line(1)], myCard, { occurredAt: instant(occurredAt) }), {
        card: () => again,
        fact: () => null,
        home: (account) => account,
        rulebook: { ref: { version: 1, hash: 'r' }, book: claims(null) },
      });
    expect(on('2026-05-05T12:00:00Z')).toMatchObject({ pin: { parts: [{ account: mine }] } });
    expect(on('2026-06-15T12:00:00Z')).toEqual({ kind: 'waiting', card: myCard });
    expect(on('2026-07-05T12:00:00Z')).toMatchObject({ pin: { parts: [{ account: hers }] } });
  });
});

describe('a fact that comes again', () => {
  const fact = receipt('1', [line(1)], myCard);
  const state = evolveFact(null, {
    type: 'ReceiptRegistered',
    data: { fact: fact.id, document: fact, pin: null },
  });

  it('is the same, a later revision, an earlier one, or a conflict', () => {
    expect(standingOfFact(null, fact).kind).toBe('new');
    expect(standingOfFact(state, fact).kind).toBe('waiting');
    expect(standingOfFact(state, { ...fact, revision: 2, hash: 'x' }).kind).toBe('new');
    expect(standingOfFact(state, { ...fact, hash: 'x' })).toEqual({
      kind: 'conflict',
      recorded: false,
    });
    const second = evolveFact(state, {
      type: 'ReceiptRegistered',
      data: { fact: fact.id, document: { ...fact, revision: 2 }, pin: null },
    });
    expect(standingOfFact(second, fact)).toEqual({ kind: 'superseded', revision: 2 });
  });
});

describe('a stream’s name', () => {
  it('the same receipt number at another store or on another day is another receipt', () => {
    const names = [
      ref('1'),
      { ...ref('1'), store: 's2' },
      { ...ref('1'), businessDate: localDate('2026-05-06') },
      { ...ref('1'), store: 'a-b', till: 'c' },
      { ...ref('1'), store: 'a', till: 'b-c' },
    ].map((name) => factStream(receiptFactId(program, name)));
    expect(new Set(names).size).toBe(names.length);
    expect(names[3]).toBe('receipt-club-c-a%2Db-c-1-2026%2D05%2D05');
  });

  it('tells a partner’s event from a receipt', () => {
    expect(factStream(partnerFactId(program, 'oil', 'e-1'))).toBe('partneraward-club-oil-e%2D1');
  });
});
