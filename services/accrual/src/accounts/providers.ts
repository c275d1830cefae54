import type { Provider } from '@nestjs/common';
import type { Pool } from 'pg';
import { AccountCache, Accounts } from '@tallystick/accounts';
import type { EventStore } from '@tallystick/event-store';
import type { Clock } from '@tallystick/kernel';
import {
  accountMemoryOf,
  CLOCK,
  CONFIG,
  DATABASE,
  EVENT_STORE,
  type AccountMemoryConfig,
} from '@tallystick/service-host';
import { DueAccounts } from '../clock/due-accounts.js';
import { ExpiryClock } from '../clock/expiry-clock.js';
import { CatchUp } from './catch-up.js';
import { LedgerNotes } from './ledger-notes.js';
import { KnownAccounts } from './known-accounts.js';

/** One of each in a process: everything that accrual does to accounts goes through the same states, one command after another. */
export const accountProviders: readonly Provider[] = [
  { provide: KnownAccounts, inject: [DATABASE], useFactory: (db: Pool) => new KnownAccounts(db) },
  { provide: DueAccounts, inject: [DATABASE], useFactory: (db: Pool) => new DueAccounts(db) },
  LedgerNotes,
  CatchUp,
  ExpiryClock,
  {
    provide: AccountCache,
    inject: [CONFIG],
    useFactory: (config: AccountMemoryConfig) => new AccountCache(accountMemoryOf(config)),
  },
  {
    provide: Accounts,
    inject: [EVENT_STORE, CLOCK, AccountCache, KnownAccounts],
    useFactory: (store: EventStore, clock: Clock, cache: AccountCache, known: KnownAccounts) =>
      new Accounts({ store, clock, cache, closedAt: (stream) => known.closedAt(stream) }),
  },
];
