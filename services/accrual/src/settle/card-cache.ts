import { LRUCache } from 'lru-cache';
import type { StreamName } from '@tallystick/kernel';
import type { CardState } from '@tallystick/receipts';

/** A card folded from its stream up to a revision. States of cards are never changed in place: they may be shared. */
export interface HeldCard {
  readonly state: CardState;
  /** Of the last event that is folded; -1: none. */
  readonly revision: number;
}

/** Some 50 MB of cards with one link each. */
const weightMaxDefault = 200_000;

/** The cards that were used last: whose they are, as of a revision, so that only what came since is read again. */
export class CardCache {
  private readonly cards: LRUCache<StreamName, HeldCard>;

  constructor({ weightMax = weightMaxDefault }: { readonly weightMax?: number } = {}) {
    this.cards = new LRUCache({
      maxSize: weightMax,
      sizeCalculation: ({ state }) => 1 + state.links.length + state.waiting.size,
    });
  }

  get(stream: StreamName): HeldCard | undefined {
    return this.cards.get(stream);
  }

  put(stream: StreamName, held: HeldCard): void {
    const other = this.cards.peek(stream);
    if (other === undefined || other.revision < held.revision) this.cards.set(stream, held);
  }
}
