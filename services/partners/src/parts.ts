import type { EventStore } from '@tallystick/event-store';
import type { Clock } from '@tallystick/kernel';
import type { Database } from '@tallystick/postgres';
import type { MasterKeys } from '@tallystick/sealing';
import type { CardTokens, Log } from '@tallystick/service-host';

/** What partners' commands and queries work with. */
export interface Parts {
  readonly db: Database;
  readonly store: EventStore;
  readonly clock: Clock;
  readonly cardTokens: CardTokens;
  readonly masterKeys: MasterKeys;
  readonly log: Log;
}

export const PARTS = Symbol('Parts');
