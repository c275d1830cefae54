import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { receiptV1 } from '@tallystick/contracts';
import { Exact, instant, localDate } from '@tallystick/kernel';
import { newestQuarter } from './calendar.js';
import { cardNumber } from './people.js';
import { sampleQuarter, type SampleQuarter } from './quarter.js';

const first = localDate('2026-07-01');
const digest = (quarter: SampleQuarter): string =>
  createHash('sha256').update(JSON.stringify(quarter)).digest('hex');

const quarter = sampleQuarter(first);
const messages = quarter.weeks.flatMap(({ receipts }) => [...receipts.http, ...receipts.bus]);
const identity = ({ store, till, number, businessDate }: (typeof messages)[number]): string =>
  [store, till, number, businessDate].join('/');
const isReturned = ({ quantity }: { readonly quantity: string }): boolean =>
  quantity.startsWith('-');

describe('the quarter of the sample shop', () => {
  it('is the same whenever it is made', () => {
    expect(digest(sampleQuarter(first))).toBe(digest(quarter));
  });

  it('is another with another seed, and in another quarter', () => {
    expect(digest(sampleQuarter(first, { seed: 1 }))).not.toBe(digest(quarter));
    expect(digest(sampleQuarter(localDate('2026-10-01')))).not.toBe(digest(quarter));
  });

  it('can be cut short: its first weeks are the same', () => {
    const short = sampleQuarter(first, { weeks: 2 });
    expect(short.weeks).toEqual(quarter.weeks.slice(0, 2));
    expect(short.lastDay).toBe('2026-07-14');
    expect(short.sent.messages).toBe(
      short.weeks.reduce(
        (sum, { receipts }) => sum + receipts.http.length + receipts.bus.length,
        short.asking.length,
      ),
    );
  });

  it('has a few hundred members and a few thousand receipts', () => {
    const members = quarter.weeks.flatMap(({ joins }) => joins);
    expect(members.length).toBe(300);
    expect(quarter.sent.receipts).toBeGreaterThan(3_500);
    expect(quarter.sent.receipts).toBeLessThan(5_000);
  });

  it('counts what it sends', () => {
    const { sent } = quarter;
    const all = [...messages, ...quarter.asking];
    expect(sent.messages).toBe(all.length);
    expect(sent.receipts).toBe(new Set(all.map(identity)).size);
    expect(sent.messages).toBe(sent.receipts + sent.repeated + sent.corrected + sent.changed);
  });

  it('sends nothing but receipts in their v1 form', () => {
    for (const message of [...messages, ...quarter.asking]) {
      const parsed = receiptV1.safeParse(message);
      expect(parsed.error?.issues ?? []).toEqual([]);
    }
  });

  it('has tenders that pay for the lines', () => {
    const sum = (amounts: readonly string[]) => Exact.sum(amounts.map(Exact.exact));
    for (const { lines, tenders = [] } of messages) {
      const due = lines.map(({ amount, quantity, unitPrice, discounts = [] }) =>
        amount === undefined
          ? Exact.subtract(
              Exact.multiply(Exact.exact(quantity), Exact.exact(unitPrice ?? '0')),
              sum(discounts.map((discount) => discount.amount)),
            )
          : Exact.exact(amount),
      );
      expect(Exact.toDecimal(Exact.sum(due))).toBe(
        Exact.toDecimal(sum(tenders.map(({ amount }) => amount))),
      );
    }
  });

  it('lies within its days, in the order of the clock at each till', () => {
    const tills = Map.groupBy(
      messages.filter(({ revision }) => revision === undefined),
      ({ store, till, businessDate }) => `${store}/${till}/${businessDate}`,
    );
    for (const receipts of tills.values()) {
      const byNumber = receipts.toSorted((a, b) => (a.number < b.number ? -1 : 1));
      const byClock = receipts.toSorted((a, b) => (a.occurredAt < b.occurredAt ? -1 : 1));
      expect(byNumber.map(({ occurredAt }) => occurredAt)).toEqual(
        byClock.map(({ occurredAt }) => occurredAt),
      );
    }
    const days = messages.map(({ businessDate }) => businessDate).sort();
    expect(days[0]).toBe(quarter.firstDay);
    expect(days.at(-1)).toBe(quarter.lastDay);
  });

  it('returns only what was sold before, by the receipt that it names', () => {
    const sold = new Map(
      messages.filter((one) => !one.revision).map((one) => [identity(one), one]),
    );
    const named = messages.flatMap((message) =>
      message.lines.flatMap((line) =>
        line.original ? [{ message, line, of: line.original }] : [],
      ),
    );
    expect(named.length).toBeGreaterThan(20);
    for (const { message, line, of } of named) {
      const sale = sold.get([of.store, of.till, of.number, of.businessDate].join('/'));
      expect(sale?.lines.find(({ ordinal }) => ordinal === of.ordinal)?.product).toBe(line.product);
      expect((sale?.occurredAt ?? '') < message.occurredAt).toBe(true);
    }
  });

  it('has what real life brings', () => {
    const cards = new Set(quarter.weeks.flatMap(({ joins }) => joins.flatMap((one) => one.cards)));
    const strangers = messages.filter(({ card }) => card && !cards.has(card));
    const redemptions = quarter.weeks.flatMap((week) => week.redemptions);
    expect(strangers.length).toBeGreaterThan(5);
    expect(messages.filter(({ card }) => card === null).length).toBeGreaterThan(300);
    expect(
      messages.filter(({ lines }) => lines.some((line) => isReturned(line) && !line.original))
        .length,
    ).toBeGreaterThan(5);
    expect(redemptions.filter(({ tooMuch }) => tooMuch).length).toBeGreaterThan(3);
    expect(redemptions.filter(({ cancelled }) => cancelled).length).toBeGreaterThan(3);
    expect(new Set(redemptions.map(({ key }) => key)).size).toBe(redemptions.length);
    expect(quarter.weeks.slice(1).flatMap(({ joins }) => joins).length).toBeGreaterThan(5);
    for (const count of Object.values(quarter.sent)) expect(count).toBeGreaterThan(0);
  });

  it('ends with baskets at full price, for members from the best customer to the last', () => {
    const { asking, lastDay } = quarter;
    expect(asking).toHaveLength(24);
    for (const { businessDate, card, lines } of asking) {
      expect([businessDate, card === null, lines.length > 0]).toEqual([lastDay, false, true]);
      for (const line of lines)
        expect([line.amount, line.discounts]).toEqual([undefined, undefined]);
    }
  });

  it('gives every member cards of their own, with a check digit', () => {
    const cards = quarter.weeks.flatMap(({ joins }) => joins.flatMap((one) => one.cards));
    expect(new Set(cards).size).toBe(cards.length);
    expect(cards.every((card) => /^\d{16}$/.test(card))).toBe(true);
    expect(cardNumber(1)).toBe('9826100000000019');
  });
});

describe('the newest quarter', () => {
  it.each([
    ['2026-11-22T10:00:00Z', '2026-07-01'],
    ['2026-10-10T10:00:00Z', '2026-04-01'],
    ['2026-10-17T10:00:00Z', '2026-07-01'],
    ['2027-01-10T10:00:00Z', '2026-07-01'],
    ['2027-01-20T10:00:00Z', '2026-10-01'],
  ])('at %s begins on %s: its points can all be spent', (now, begins) => {
    expect(newestQuarter(instant(now))).toBe(begins);
  });
});
