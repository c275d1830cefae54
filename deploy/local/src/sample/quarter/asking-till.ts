import type { ReceiptV1Input } from '@tallystick/contracts';
import type { LocalDate } from '@tallystick/kernel';
import { chain, program, stores } from './assortment.js';
import { basket, totalPence } from './basket.js';
import { momentOf } from './calendar.js';
import type { Memory } from './memory.js';
import type { Person } from './people.js';
import type { Random } from './random.js';

/** Members of all kinds: so many, from who bought most to who bought least. */
const salesMax = 24;
const linesMax = 4;
/** After the shop has closed for everybody else. */
const evening = 20 * 3_600 + 300;
const secondsEach = 60;

/**
 * Baskets of the last evening, at a till that asks what they come to before it sells: as they lie on the belt, at full price. What the
 * member pays and earns, the answer says.
 */
export const askingTill = (
  random: Random,
  memory: Memory,
  everyone: readonly Person[],
  { day, week }: { readonly day: LocalDate; readonly week: number },
): ReceiptV1Input[] => {
  const [store] = stores;
  if (store === undefined) throw new Error('the sample has no shop');
  const spent = new Map<Person, number>();
  for (const { person, lines } of memory.sold)
    if (person !== null) spent.set(person, (spent.get(person) ?? 0) + totalPence(lines));
  const members = everyone
    .filter(({ joinsInWeek }) => joinsInWeek !== null && joinsInWeek <= week)
    .sort((a, b) => (spent.get(b) ?? 0) - (spent.get(a) ?? 0));
  const step = Math.max(1, Math.floor(members.length / salesMax));
  return members
    .filter((_, rank) => rank % step === 0)
    .slice(0, salesMax)
    .map((person, index) => ({
      ...{ program, chain, store: store.id, till: 'asks', number: String(index + 1) },
      ...{ businessDate: day, occurredAt: momentOf(day, evening + index * secondsEach) },
      ...{ currency: 'GBP', channel: 'store', card: random.pick(person.cards) },
      lines: belt(random),
    }));
};

/** Pieces at their price: what is weighed, or on offer anyway, is left on the shelf. */
const belt = (random: Random): ReceiptV1Input['lines'] => {
  for (;;) {
    const lines = basket(random, linesMax, 0)
      .filter(({ product, line }) => !product.weighed && line.discounts === undefined)
      .map(({ line }, index) => ({ ...line, ordinal: index + 1 }));
    if (lines.length > 0) return lines;
  }
};
