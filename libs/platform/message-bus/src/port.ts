/** A message as CloudEvents 1.0 in binary mode has it: attributes in headers, the value as bytes of a content type. */
export interface OutgoingMessage {
  readonly topic: string;
  /** Messages of one key keep their order. Always given. */
  readonly key: string;
  /** Stable over repeats: consumers recognise a message that was delivered twice by it. */
  readonly id: string;
  /** Lower-case names; CloudEvents attributes as `ce_…`, W3C `traceparent`, `content-type`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string;
}

export interface Message extends OutgoingMessage {
  readonly partition: number;
  readonly offset: bigint;
}

/** What a handler says of each message of its batch, in the batch's order. */
export type Verdict =
  | { readonly kind: 'done' }
  /** It cannot be done now (something is away): nothing after it on its partition is taken before it is done. */
  | { readonly kind: 'retry'; readonly reason: string }
  /** It can never be done: it goes to the dead letters with this reason, and those behind it go on. */
  | { readonly kind: 'poison'; readonly reason: string };

/** A handler that throws says `retry` for the whole batch. */
export type BatchHandler = (batch: readonly Message[]) => Promise<readonly Verdict[]>;

export interface Subscription {
  readonly topics: readonly string[];
  /** Members of one group share the partitions; each group sees every message. */
  readonly group: string;
  readonly handler: BatchHandler;
  readonly batchMax?: number;
}

export interface Consumer {
  /** Lets the batch in hand end, stores its position, gives the partitions back. */
  close(): Promise<void>;
}

export interface DeadLetter extends Message {
  readonly reason: string;
  readonly group: string;
}

export interface TopicDefinition {
  readonly name: string;
  readonly partitions: number;
}

/** The next offset of each partition, keyed `topic/partition`. */
export type Ends = ReadonlyMap<string, bigint>;

/** How facts travel between services. One contract, checked by `messageBusContract` for each adapter. */
export interface MessageBus {
  /** Creates the topics that are not there; never changes one that is. */
  ensureTopics(topics: readonly TopicDefinition[]): Promise<void>;
  /** Resolves when every message is durable, in the order given per key. At least once: a failed call may have published a part. */
  publish(messages: readonly OutgoingMessage[]): Promise<void>;
  /** Starts to consume; positions are stored after the effect (the handler's answer), never before. A new group begins at the beginning. */
  subscribe(subscription: Subscription): Promise<Consumer>;
  /** Messages that a group has not done yet, over its topics. */
  lag(group: string, topics: readonly string[]): Promise<bigint>;
  /** How far each partition of the topics goes now; to be handed to `passed`. */
  ends(topics: readonly string[]): Promise<Ends>;
  /** Whether a group has done everything up to `ends`. */
  passed(group: string, ends: Ends): Promise<boolean>;
  /** The dead letters of a topic, oldest first: message, reason and original headers. */
  deadLetters(topic: string): AsyncIterable<DeadLetter>;
  close(): Promise<void>;
}
