import type { Json } from './json.js';

/** The value of a message that the relay publishes: an event of the store, as JSON. */
export interface RelayedEvent {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  /** `$all` position, a decimal string. */
  readonly position: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly metadata: { readonly [key: string]: Json | undefined };
  readonly data: { readonly [key: string]: Json | undefined };
}
