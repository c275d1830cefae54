/** A message as CloudEvents 1.0 in binary mode has it: attributes in headers, the value as bytes of a content type. */
export interface OutgoingMessage {
  readonly topic: string;
  /** Messages of one key keep their order. Always given. */
  readonly key: string;
  /** Stable over repeats: consumers recognise a message that was delivered twice by it. */
  readonly id: string;
  /** Lower-case names; CloudEvents attributes as `ce_…`, W3C `traceparent`, `content-type`. */
  readonly headers: Readonly<Record<string, string>>;
  /** The value as text; empty where `bytes` has it. */
  readonly value: string;
  /** The value where it is no text, such as protobuf. A bus that cannot carry it says so (`MessageRefused`). */
  readonly bytes?: Uint8Array;
}

export interface Message extends OutgoingMessage {
  readonly partition: number;
  /** 0 for a partition's first message, without gaps. */
  readonly offset: bigint;
}

/** What a handler says of each message of its batch, in the batch's order. */
export type Verdict =
  | { readonly kind: 'done' }
  /**
   * It cannot be done now (something is away): nothing after it on its partition is taken before it is done.
   * What the handler says of those behind it in the batch does not count; they come again.
   */
  | { readonly kind: 'retry'; readonly reason: string }
  /** It can never be done: it goes to the dead letters with this reason, and those behind it go on. */
  | { readonly kind: 'poison'; readonly reason: string; readonly keptAs?: KeptAs };

/** What the dead letters keep in place of a message that holds what they must not, such as a card number. */
export interface KeptAs {
  readonly key: string;
  readonly value: string;
}

/**
 * Takes messages of one partition, in order. One that throws says `retry` for the whole batch, which then comes
 * in smaller pieces. `lost` is aborted when the partition may already be another member's: stop, if stopping is cheap.
 */
export type BatchHandler = (
  batch: readonly Message[],
  lost: AbortSignal,
) => Promise<readonly Verdict[]>;

export interface Subscription {
  readonly topics: readonly string[];
  /** Members of one group share the partitions; each group sees every message. */
  readonly group: string;
  readonly handler: BatchHandler;
  readonly batchMax?: number;
}

export interface ConsumerStatus {
  /** `away`: the bus cannot be reached, and is tried again. `closed`: by `close`, or for a reason that trying again does not heal. */
  readonly state: 'running' | 'away' | 'closed';
  /** Why it is not running. */
  readonly reason?: string;
  /** The partitions that are this member's now, as `topic/partition`. */
  readonly partitions: readonly string[];
  /** How often its partitions were shared out anew since it was subscribed; the first time is one. */
  readonly rebalances: number;
  /** Those that stand still because a message is tried again and again. */
  readonly retrying: readonly {
    readonly partition: string;
    readonly attempts: number;
    readonly reason: string;
  }[];
}

export interface Consumer {
  status(): ConsumerStatus;
  /** Lets the batch in hand end, stores its position, gives the partitions back. */
  close(): Promise<void>;
}

/** What names a dead letter: the message's place, and the group that could not take it. */
export interface DeadLetterPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly group: string;
}

export interface DeadLetter extends Message, DeadLetterPlace {
  readonly reason: string;
  /** Grows in the order in which a topic's letters are told; the same each time. */
  readonly nth: bigint;
  /** When it was put aside, if that is known. */
  readonly buriedAt?: Date;
  /** Whether key and value stand in place of the message's own: see `KeptAs`. */
  readonly replaced: boolean;
}

/** What a person made of a dead letter. */
export interface DeadLetterEnd {
  readonly how: 'retried' | 'dropped';
  /** Who, as a request names its caller. */
  readonly by: string;
}

export interface TopicDefinition {
  /** Letters, digits, `.`, `_` and `-`; at most 200. */
  readonly name: string;
  readonly partitions: number;
  /** How long its messages are kept at least, where a bus keeps each topic by itself; nothing: for ever. */
  readonly retentionDays?: number;
  /** Whether only the last message of each key need be kept, where a bus can do that. */
  readonly compacted?: boolean;
}

/** The next offset of each partition, keyed `topic/partition`. */
export type Ends = ReadonlyMap<string, bigint>;

/**
 * How facts travel between services. One contract, checked by `messageBusContract` for each adapter.
 * Every call throws `BusUnavailable` when the bus cannot be reached, and `UnknownTopic` for a topic that is not there.
 */
export interface MessageBus {
  /**
   * Creates the topics that are not there; never changes one that is. Throws `UnfitTopics` when one that somebody else made would
   * lose messages.
   */
  ensureTopics(topics: readonly TopicDefinition[]): Promise<void>;
  /**
   * Resolves when every message is durable, in the order given per key. At least once: a failed call may have
   * published a part. Throws `MessageRefused` before anything is sent when a message is not one.
   */
  publish(messages: readonly OutgoingMessage[]): Promise<void>;
  /**
   * Starts to consume; positions are stored after the effect (the handler's answer), never before. A new group
   * begins at the beginning of what is kept. Heals by itself when the bus was away.
   */
  subscribe(subscription: Subscription): Promise<Consumer>;
  /** Messages that a group has not done yet, over its topics. */
  lag(group: string, topics: readonly string[]): Promise<bigint>;
  /** How far each partition of the topics goes now; to be handed to `passed`. */
  ends(topics: readonly string[]): Promise<Ends>;
  /** Whether a group has done everything up to `ends`. */
  passed(group: string, ends: Ends): Promise<boolean>;
  /** The dead letters of a topic that nobody has ended, oldest first: message, reason and original headers; only those behind the `nth` of one, if it is given. */
  deadLetters(topic: string, after?: bigint): AsyncIterable<DeadLetter>;
  /** How many of them are a group's. Cheap enough to be asked every few seconds. */
  deadLetterCount(group: string, topic: string): Promise<bigint>;
  /** From now on the letter is not shown any more; that it was, and who ended it, is kept. */
  endDeadLetter(place: DeadLetterPlace, end: DeadLetterEnd): Promise<void>;
  /** A message as it came; undefined where the bus does not keep it any more. */
  messageAt(topic: string, partition: number, offset: bigint): Promise<Message | undefined>;
  /** Closes its consumers as `Consumer.close` does, then itself. */
  close(): Promise<void>;
}

/** Publishes as `MessageBus.publish` does, until a newer one of its name is there. */
export interface FencedPublisher {
  publish(messages: readonly OutgoingMessage[]): Promise<void>;
  close(): Promise<void>;
}

/** A newer publisher of the same name is there. */
export class PublisherFenced extends Error {
  constructor(cause: unknown) {
    super('a newer publisher of the same name is there', { cause });
    this.name = 'PublisherFenced';
  }
}

/** The bus cannot be reached, or broke off before the answer: try again. */
export class BusUnavailable extends Error {
  constructor(cause: unknown) {
    super(
      `the message bus cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
    this.name = 'BusUnavailable';
  }
}

/** A topic that nobody created; see `ensureTopics`. */
export class UnknownTopic extends Error {
  readonly topic: string;

  constructor(topic: string) {
    super(`there is no topic ${JSON.stringify(topic)} on the message bus`);
    this.name = 'UnknownTopic';
    this.topic = topic;
  }
}

/** Topics that were there, and would lose messages without anybody seeing it. The message says what to set. */
export class UnfitTopics extends Error {
  /** `faults`: for each topic what is wrong. */
  constructor(faults: readonly string[]) {
    super(`topics that somebody made beforehand would lose messages: ${faults.join(' / ')}`);
    this.name = 'UnfitTopics';
  }
}

/** A message that no bus can carry. Sending it again does not help. */
export class MessageRefused extends Error {
  constructor(index: number, problem: string) {
    super(`message ${index} of the batch cannot be published: ${problem}`);
    this.name = 'MessageRefused';
  }
}

/** Where the bus says what happened; a pino logger is one. `traceparent` among the details is a message's header as it came: anything may stand there. */
export interface BusLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}
