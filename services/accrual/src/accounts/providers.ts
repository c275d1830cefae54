import type { Provider } from '@nestjs/common';
import type { Pool } from 'pg';
import { AccountCache, Accounts } from '@tallystick/accounts';
import type { EventStore } from '@tallystick/event-store';
import type { Clock } from '@tallystick/kernel';
import { CLOCK, DATABASE, EVENT_STORE } from '@tallystick/service-host';
import { KnownAccounts } from './known-accounts.js';

/** One of each in a process: everything that accrual does to accounts goes through the same states, one command after another. */
export const accountProviders: readonly Provider[] = [
  { provide: KnownAccounts, inject: [DATABASE], useFactory: (db: Pool) => new KnownAccounts(db) },
  { provide: AccountCache, useFactory: () => new AccountCache() },
  {
    provide: Accounts,
    inject: [EVENT_STORE, CLOCK, AccountCache, KnownAccounts],
    useFactory: (store: EventStore, clock: Clock, cache: AccountCache, known: KnownAccounts) =>
      new Accounts({ store, clock, cache, closedAt: (stream) => known.closedAt(stream) }),
  },
];
