import type { LocalDate } from '@tallystick/kernel';
import { stores, type Store } from './assortment.js';
import { opens } from './calendar.js';
import type { Person } from './people.js';
import type { Random } from './random.js';

/** Someone at a till. */
export interface Visit {
  readonly store: Store;
  readonly till: string;
  /** Since midnight, by the shop's clock. */
  readonly second: number;
  /** null: no card. */
  readonly person: Person | null;
  readonly paidWithPointsPence: number;
}

const closes = 20 * 3_600;
const withoutCardPercent = 17;
/** Thousandths of an ordinary day, Sunday first. */
const busyness = [820, 860, 900, 950, 1_020, 1_250, 1_280] as const;

export const hasTwoCards = (person: Person | null): boolean => (person?.cards.length ?? 0) > 1;

/** Who comes on a day, in the order of their receipts. `customers`: those with a card in their pocket. */
export const visitsOf = (
  random: Random,
  customers: readonly Person[],
  day: LocalDate,
  spenders: readonly { readonly person: Person; readonly pence: number }[],
): readonly Visit[] => {
  const visit = (store: Store, person: Person | null, paidWithPointsPence: number): Visit => ({
    store,
    till: random.pick(store.tills),
    second: random.between(opens, closes - 1),
    person,
    paidWithPointsPence,
  });
  const busy = busyness[new Date(`${day}T12:00:00Z`).getUTCDay()] ?? 1_000;
  const ordinary = stores.flatMap((store) => {
    const usual = Math.round((store.receiptsADay * busy) / 1_000);
    return Array.from({ length: Math.max(1, usual + random.between(-3, 3)) }, () => {
      const person = random.chance(withoutCardPercent) ? null : random.weighted(customers);
      // The bus keeps the order of a card, not that of two cards of one member.
      return visit(store, store.sends === 'bus' && hasTwoCards(person) ? null : person, 0);
    });
  });
  const counters = stores.filter(({ sends }) => sends === 'http');
  const spending = spenders.map(({ person, pence }) => visit(random.pick(counters), person, pence));
  return [...ordinary, ...spending].sort((a, b) => a.second - b.second);
};
