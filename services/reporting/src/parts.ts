import type { EventStore } from '@tallystick/event-store';
import type { Clock } from '@tallystick/kernel';
import type { Database } from '@tallystick/postgres';
import type { Log } from '@tallystick/service-host';
import type { Telemetry } from '@tallystick/telemetry';
import type { Folders } from './views/all.js';

/** What reporting's use cases work with. */
export interface Parts {
  readonly db: Database;
  readonly store: EventStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Null: telemetry is off. */
  readonly telemetry: Telemetry | null;
  /** The projections at work on the live views. */
  readonly live: Folders;
}
export const PARTS = Symbol('Parts');
