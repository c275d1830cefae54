/** What bounds the bus in time and memory. */
export interface BusLimits {
  /** Messages that a handler gets at once, unless its subscription says otherwise. */
  readonly batchMax: number;
  /** Bytes of a batch; a single message may be larger. A member holds at most this for each of its partitions. */
  readonly batchBytesMax: number;
  /** How many times in a row a partition is read as soon as there is news; after that once in `readEveryMs`, so that who is busy reads more at a time. */
  readonly readBurst: number;
  readonly readEveryMs: number;
  /** Bytes of one statement of a publisher; a larger batch takes several, in one transaction. */
  readonly publishBytesMax: number;
  /** Connections for publishing and asking; each consumer has one more of its own. */
  readonly connectionsMax: number;
  /** How often a member looks for messages and partitions even if nobody woke it. */
  readonly pollMs: number;
  /** The pause before a message is tried again; doubles with each attempt, up to the other. */
  readonly retryDelayMinMs: number;
  readonly retryDelayMaxMs: number;
  /** The pause before a lost connection is opened again; doubles likewise. */
  readonly reconnectDelayMinMs: number;
  readonly reconnectDelayMaxMs: number;
  /** Messages that every group has done are kept this long. A group that is new later misses what is gone. */
  readonly retentionMs: number;
  readonly pruneEveryMs: number;
  /** Messages that one statement prunes. */
  readonly pruneMax: number;
  /** Dead letters that are read at once. */
  readonly deadLettersMax: number;
}

const dayMs = 24 * 60 * 60 * 1000;

export const defaultLimits: BusLimits = {
  batchMax: 500,
  batchBytesMax: 4 * 1024 * 1024,
  readBurst: 20,
  readEveryMs: 100,
  publishBytesMax: 8 * 1024 * 1024,
  connectionsMax: 4,
  pollMs: 1000,
  retryDelayMinMs: 100,
  retryDelayMaxMs: 30_000,
  reconnectDelayMinMs: 100,
  reconnectDelayMaxMs: 5000,
  retentionMs: 7 * dayMs,
  pruneEveryMs: 60_000,
  pruneMax: 1000,
  deadLettersMax: 100,
};
