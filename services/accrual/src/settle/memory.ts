import { AccountCache, type ClosedAt } from '@tallystick/accounts';
import type { EventStore } from '@tallystick/event-store';
import { Catalog } from '../programs/catalog.js';
import { nobodyToAsk, type Birthdays } from './birthdays.js';
import { BudgetCache } from './budget-cache.js';
import { CardCache } from './card-cache.js';

/**
 * What this process keeps of streams that it has read, so that it reads only what is new, and whom it asks for what no stream says. One for the whole service: whatever is
 * done to accounts here goes through the same states.
 */
export class Memory {
  readonly store: EventStore;
  readonly catalog: Catalog;
  readonly accounts: AccountCache;
  readonly cards: CardCache;
  readonly budgets = new BudgetCache();
  readonly closedAt: ClosedAt | undefined;
  readonly birthdays: Birthdays;

  constructor(parts: {
    readonly store: EventStore;
    readonly catalog?: Catalog;
    readonly accounts?: AccountCache;
    readonly cards?: CardCache;
    readonly closedAt?: ClosedAt;
    /** Absent: there is nobody to ask. */
    readonly birthdays?: Birthdays;
  }) {
    this.store = parts.store;
    this.catalog = parts.catalog ?? new Catalog(parts.store);
    this.accounts = parts.accounts ?? new AccountCache();
    this.cards = parts.cards ?? new CardCache();
    this.closedAt = parts.closedAt;
    this.birthdays = parts.birthdays ?? nobodyToAsk;
  }
}
