/** What bounds the bus in time and memory. */
export interface KafkaLimits {
  /** Messages that a handler gets at once, unless its subscription says otherwise. */
  readonly batchMax: number;
  /** Bytes that are fetched of one partition at once; a single message may be larger. */
  readonly fetchPartitionBytesMax: number;
  /** Bytes that a consumer fetches at once, over its partitions. */
  readonly fetchBytesMax: number;
  /** How long a fetch waits at the broker for messages: so long, too, may a pause last longer than it should. */
  readonly fetchWaitMs: number;
  /** A member that says nothing for so long is out of its group. The broker has a minimum (6 s). */
  readonly sessionTimeoutMs: number;
  readonly heartbeatEveryMs: number;
  /** How long a rebalance waits for a member whose batch is still in hand; then its partitions go to others. */
  readonly rebalanceTimeoutMs: number;
  /** Bytes of one partition in one request of the producer; a single message may be larger. */
  readonly publishBytesMax: number;
  /** Messages in one request of the producer. */
  readonly publishMax: number;
  /** The pause before a message is tried again; doubles with each attempt, up to the other. */
  readonly retryDelayMinMs: number;
  readonly retryDelayMaxMs: number;
  /** The pause before a consumer that lost the bus joins again; doubles likewise. */
  readonly reconnectDelayMinMs: number;
  readonly reconnectDelayMaxMs: number;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** Messages that wait in memory for who reads a topic outside a group. */
  readonly readAheadMax: number;
}

export const defaultKafkaLimits: KafkaLimits = {
  batchMax: 500,
  fetchPartitionBytesMax: 1024 * 1024,
  fetchBytesMax: 8 * 1024 * 1024,
  fetchWaitMs: 200,
  sessionTimeoutMs: 10_000,
  heartbeatEveryMs: 1000,
  rebalanceTimeoutMs: 30_000,
  publishBytesMax: 1_000_000,
  publishMax: 2000,
  retryDelayMinMs: 100,
  retryDelayMaxMs: 30_000,
  reconnectDelayMinMs: 100,
  reconnectDelayMaxMs: 2000,
  connectTimeoutMs: 3000,
  requestTimeoutMs: 15_000,
  readAheadMax: 500,
};
