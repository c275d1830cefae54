import type { Provider } from '@nestjs/common';
import type { Pool } from 'pg';
import { AccountCache, Accounts } from '@tallystick/accounts';
import { topics } from '@tallystick/contracts';
import type { EventStore } from '@tallystick/event-store';
import type { Clock } from '@tallystick/kernel';
import {
  accountMemoryOf,
  CARD_TOKENS,
  CLOCK,
  CONFIG,
  DATABASE,
  EVENT_STORE,
  type AccountMemoryConfig,
  POSITIONS_OF,
  type CardTokens,
  type PositionsOf,
  type PositionWait,
} from '@tallystick/service-host';
import type { Means } from '../orders/order.js';
import { Programs } from '../programs/programs.js';
import { OPENED } from './after-opening.js';
import { CardOwners } from './card-owners.js';
import { Closings } from './closings.js';
import { Heard } from './heard.js';
import type { Cards } from './which-account.js';

/** `Means`. */
export const MEANS = Symbol('Means');
/** `Cards`. */
export const CARDS = Symbol('Cards');

/** One of each in a process: all that is spent goes through the same states, one command after another. */
export const accountProviders: readonly Provider[] = [
  { provide: Heard, inject: [DATABASE], useFactory: (db: Pool) => new Heard(db) },
  {
    provide: OPENED,
    inject: [POSITIONS_OF],
    useFactory: (of: PositionsOf): PositionWait => of('accrual', [topics.membership.name]),
  },
  { provide: Closings, inject: [DATABASE], useFactory: (db: Pool) => new Closings(db) },
  { provide: CardOwners, inject: [DATABASE], useFactory: (db: Pool) => new CardOwners(db) },
  {
    provide: CARDS,
    inject: [CardOwners, CARD_TOKENS, Accounts],
    useFactory: (owners: CardOwners, tokens: CardTokens, accounts: Accounts): Cards => ({
      ...{ owners, tokens, accounts },
    }),
  },
  {
    provide: AccountCache,
    inject: [CONFIG],
    useFactory: (config: AccountMemoryConfig) => new AccountCache(accountMemoryOf(config)),
  },
  {
    provide: Accounts,
    inject: [EVENT_STORE, CLOCK, AccountCache, Closings],
    useFactory: (store: EventStore, clock: Clock, cache: AccountCache, closings: Closings) =>
      new Accounts({ store, clock, cache, closedAt: (stream) => closings.closedAt(stream) }),
  },
  {
    provide: MEANS,
    inject: [EVENT_STORE, CLOCK, Accounts],
    useFactory: (store: EventStore, clock: Clock, accounts: Accounts): Means => ({
      ...{ store, clock, accounts, programs: new Programs(store) },
    }),
  },
];
