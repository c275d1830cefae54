import type { EventStore } from '../port.js';

/** An adapter as its contract meets it. */
export interface EventStoreSubject {
  /** Makes the place of a fresh, empty store. */
  readonly make: () => Promise<StorePlace>;
}

export interface StorePlace {
  /** One more client of this store, with connections of its own. */
  readonly open: () => Promise<EventStore>;
  /**
   * Runs a script of the contract in a process of its own. Its first two arguments say how to open the store there: the
   * URL of a module that exports `open(argument: string): Promise<EventStore>`, and that argument.
   */
  readonly run: (
    script: URL,
    args: readonly string[],
    options?: { readonly heapMiBMax?: number },
  ) => ScriptProcess;
  /** Breaks the connections of all clients, as a network or a server's restart does; new ones can be made at once. */
  readonly breakConnections: () => Promise<void>;
  /** Where the database knows transactions: begins one beside the store, with work done in it, that stays open until the returned function is called. */
  readonly beginForeignTransaction?: () => Promise<() => Promise<void>>;
  readonly remove: () => Promise<void>;
}

export interface ScriptProcess {
  /** What it prints, line by line. Can be read once. */
  readonly lines: AsyncIterable<string>;
  /** Its status when it has ended, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** SIGKILL. */
  kill(): Promise<void>;
}
