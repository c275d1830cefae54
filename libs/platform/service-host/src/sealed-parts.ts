import type { FactoryProvider } from '@nestjs/common';
import type { EventStore } from '@tallystick/event-store';
import type { Clock } from '@tallystick/kernel';
import type { Database } from '@tallystick/postgres';
import type { MasterKeys } from '@tallystick/sealing';
import type { Log } from './log.js';
import {
  CARD_TOKENS,
  CLOCK,
  DATABASE,
  EVENT_STORE,
  LOG,
  MASTER_KEYS,
  type CardTokens,
} from './tokens.js';

/** What the use cases of a service that seals data (enrollment, partners) work with. */
export interface SealedParts {
  readonly db: Database;
  readonly store: EventStore;
  readonly clock: Clock;
  readonly cardTokens: CardTokens;
  readonly masterKeys: MasterKeys;
  readonly log: Log;
}

/** Provides them, out of what the host offers, under the service's own token. */
export const sealedParts = (provide: symbol): FactoryProvider<SealedParts> => ({
  provide,
  inject: [DATABASE, EVENT_STORE, CLOCK, CARD_TOKENS, MASTER_KEYS, LOG],
  useFactory: (
    db: Database,
    store: EventStore,
    clock: Clock,
    cardTokens: CardTokens,
    masterKeys: MasterKeys,
    log: Log,
  ) => ({ db, store, clock, cardTokens, masterKeys, log }),
});
