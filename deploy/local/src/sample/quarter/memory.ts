import type { ReceiptV1Input } from '@tallystick/contracts';
import type { Store } from './assortment.js';
import type { BasketLine } from './basket.js';
import type { Person } from './people.js';

/** A receipt that was made, with what is needed to bring its goods back or to send it again. */
export interface Sold {
  readonly receipt: ReceiptV1Input;
  /** Whose card is on it; null: no card. */
  readonly person: Person | null;
  readonly store: Store;
  readonly lines: readonly BasketLine[];
  /** The day of the quarter, from 1. */
  readonly dayNumber: number;
  /** Lines that something has happened to since: each comes back, or is corrected, at most once. */
  readonly touched: Set<number>;
}

const kindsWorthReading = 5;

/** What the shop remembers while its quarter is made, day after day. */
export class Memory {
  readonly sold: Sold[] = [];
  /** The day in hand, from 1; 0 before the first. */
  dayNumber = 0;
  readonly #pointsAtLeast = new Map<Person, number>();
  readonly #happenings = new Map<Person, Map<string, number>>();

  /** Adds to (or takes from) what a person surely has to spend. Nobody's points are nobody's. */
  credit(person: Person | null, points: number): void {
    if (person !== null) this.#pointsAtLeast.set(person, this.pointsAtLeast(person) + points);
  }

  /** A lower bound of a person's points: base points, without what tiers and partners add. */
  pointsAtLeast(person: Person): number {
    return this.#pointsAtLeast.get(person) ?? 0;
  }

  note(person: Person | null, happening: string): void {
    if (person === null || person.joinsInWeek === null) return;
    const known = this.#happenings.get(person) ?? new Map<string, number>();
    this.#happenings.set(person, known.set(happening, (known.get(happening) ?? 0) + 1));
  }

  /** Receipts of the last so many days, today's left out. */
  soldSince(days: number): readonly Sold[] {
    return this.sold.filter(
      ({ dayNumber }) => dayNumber < this.dayNumber && dayNumber >= this.dayNumber - days,
    );
  }

  /** The first card of a member with several kinds of things to tell, in as few entries as there are. */
  cardWorthReading(): string {
    const [best] = [...this.#happenings]
      .map(([{ cards }, happenings]) => ({
        cards,
        kinds: Math.min(happenings.size, kindsWorthReading),
        entries: [...happenings.values()].reduce((sum, count) => sum + count, 0),
      }))
      .sort((a, b) => b.kinds - a.kinds || a.entries - b.entries);
    const card = best?.cards[0];
    if (card === undefined) throw new Error('nothing happened in the quarter');
    return card;
  }
}
