import type { ReceiptV1Input } from '@tallystick/contracts';
import type { LocalDate } from '@tallystick/kernel';
import { chain, program } from './assortment.js';
import { basket, countingPence, pounds, returnOf, totalPence, type BasketLine } from './basket.js';
import { momentOf } from './calendar.js';
import type { Memory, Sold } from './memory.js';
import type { Random } from './random.js';
import { hasTwoCards, type Visit } from './visits.js';

const returnPercent = 3;
const returnDaysMax = 24;
/** Goods that come back without their receipt. */
const receiptLostPercent = 30;
/** A return goes to the account of its sale, whatever card is shown: now and then none is. */
const returnWithoutCardPercent = 15;
/** A till that was set to the wrong currency. */
const wrongCurrencyPercent = 0.1;
const strangersLinesMax = 4;

/** Makes the receipt of a visit, and remembers it. `number`: the till's count of the day. */
export const serve = (
  random: Random,
  memory: Memory,
  day: LocalDate,
  visit: Visit,
  number: string,
): Sold => {
  const { store, person, paidWithPointsPence } = visit;
  const pays = paidWithPointsPence > 0;
  const returned = !pays && random.chance(returnPercent) ? bringsBack(random, memory, visit) : [];
  const bought =
    returned.length > 0 && random.chance(75)
      ? []
      : basket(random, person?.linesMax ?? strangersLinesMax, paidWithPointsPence);
  const lines = [...bought, ...returned].map((line, index) => ({
    ...line,
    line: { ...line.line, ordinal: index + 1 },
  }));
  const named = returned.some(({ line }) => line.original !== undefined);
  const card =
    person === null || (named && random.chance(returnWithoutCardPercent))
      ? null
      : random.pick(person.cards);
  const abroad =
    !pays && returned.length === 0 && store.sends === 'http' && random.chance(wrongCurrencyPercent);
  const receipt: ReceiptV1Input = {
    program,
    chain,
    store: store.id,
    till: visit.till,
    number,
    businessDate: day,
    occurredAt: momentOf(day, visit.second),
    currency: abroad ? 'EUR' : 'GBP',
    channel: 'store',
    card,
    lines: lines.map(({ line }) => line),
    tenders: [
      ...(pays ? [{ kind: 'points', amount: pounds(paidWithPointsPence) }] : []),
      {
        kind: random.chance(64) ? 'card' : 'cash',
        amount: pounds(totalPence(lines) - paidWithPointsPence),
      },
    ],
  };
  if (card !== null && !abroad) memory.credit(person, pointsAtLeast(lines, paidWithPointsPence));
  memory.note(card === null ? null : person, pays ? 'paid with points' : 'bought');
  const sold: Sold = {
    receipt,
    person: card === null ? null : person,
    store,
    lines,
    dayNumber: memory.dayNumber,
    touched: new Set(abroad ? lines.map(({ line }) => line.ordinal) : []),
  };
  memory.sold.push(sold);
  return sold;
};

const pointsAtLeast = (lines: readonly BasketLine[], paidWithPointsPence: number): number =>
  Math.max(0, Math.floor((countingPence(lines) - paidWithPointsPence) / 100) - 1);

/** One thing that this customer bought in the last weeks, whole or in part; with its receipt, or without. */
const bringsBack = (random: Random, memory: Memory, { person, store }: Visit): BasketLine[] => {
  const found = memory
    .soldSince(returnDaysMax)
    .filter((sold) => sold.person === person && sold.store.sends === store.sends)
    .flatMap((sold) =>
      sold.lines
        .filter(
          ({ product, units, line }) =>
            product.returnable && units > 0 && !sold.touched.has(line.ordinal),
        )
        .map((line) => ({ sold, line })),
    );
  if (found.length === 0) return [];
  const { sold, line } = random.pick(found);
  const lost = random.chance(receiptLostPercent) && !hasTwoCards(person);
  const pieces = random.between(1, line.units);
  sold.touched.add(line.line.ordinal);
  memory.credit(person, -(Math.ceil((line.product.pricePence * pieces) / 100) + 2));
  memory.note(person, lost ? 'returned without the receipt' : 'returned');
  const { store: at, till, number, businessDate } = sold.receipt;
  const original = { chain, store: at, till, number, businessDate, ordinal: line.line.ordinal };
  return [returnOf(1, line, pieces, lost ? undefined : original)];
};
