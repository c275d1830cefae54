import type { Instant, ProgramId, StreamName } from '@tallystick/kernel';

/** JSON as RFC 8259 has it; numbers are whole (see the ledger's rules), fractions are decimal strings. */
export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };
export type JsonObject = { readonly [key: string]: Json | undefined };

/** An event that is to be appended. Made by `newEvent`, which derives `id` from the fact, ordinal and content. */
export interface NewEvent {
  /** UUIDv5 of (source fact, ordinal, content): the same fact has the same id on every store. */
  readonly id: string;
  readonly type: string;
  readonly schemaVersion: number;
  /** The canonical JSON (RFC 8785) of the event's data, kept byte for byte. */
  readonly data: string;
  readonly metadata: EventMetadata;
}

/** What the envelope says besides the data. Not part of the event's identity. */
export interface EventMetadata {
  readonly program: ProgramId;
  /** When it happened in the shop. */
  readonly occurredAt: Instant;
  /** When we wrote it. */
  readonly recordedAt: Instant;
  /** Who caused it, e.g. `store:acme`, `member:…`, `service:accrual`. Never a person's name. */
  readonly actor: string;
  readonly correlationId: string;
  readonly causationId?: string;
  /** W3C trace context of the request or message that caused it. */
  readonly traceparent?: string;
}

export interface RecordedEvent extends NewEvent {
  readonly stream: StreamName;
  /** 0 for a stream's first event, without gaps. */
  readonly revision: number;
  /** The place in `$all`: grows, need not be without gaps, never appears below one already read. */
  readonly position: bigint;
}

/** What folding needs of a recorded event. */
export type BareEvent = Omit<RecordedEvent, 'id' | 'metadata'>;

/** The revision of a stream's last event that the writer has seen. There is no "any". */
export type ExpectedRevision = 'noStream' | number;

/** What is to be added to one stream: at least one event. */
export interface StreamWrite {
  readonly stream: StreamName;
  readonly expected: ExpectedRevision;
  readonly events: readonly NewEvent[];
}

export type AppendResult =
  /** Written now, all of it or what an earlier attempt had not written yet. `position` is that of the call's last event. */
  | { readonly kind: 'appended'; readonly position: bigint }
  /** Every event of the call was there before, at the revisions that this call would have given it. */
  | { readonly kind: 'unchanged'; readonly position: bigint }
  /** The first stream that is not where its writer believed; `actual` is where it was when that was found. */
  | {
      readonly kind: 'conflict';
      readonly stream: StreamName;
      readonly actual: ExpectedRevision;
    };

export interface Capabilities {
  /** Whether an append over several streams happens whole or not at all. Without it, streams are written in the order given. */
  readonly atomicAcrossStreams: boolean;
  /** Whether the positions of what one append writes to a stream follow each other without a gap: so that where the last is tells where each is. */
  readonly positionsFollowEachOther?: boolean;
}

export interface ReadAllOptions {
  /** Only events after this position; all of them without it. */
  readonly after?: bigint;
  /** Only streams of these categories (the part of the name before the first `-`). */
  readonly categories?: readonly string[];
}

/** Where events begin and end. One contract, checked by `eventStoreContract` for each adapter. */
export interface EventStore {
  readonly capabilities: Capabilities;

  /**
   * Appends to one or several streams, each named once. Atomic per stream, and as a whole where `atomicAcrossStreams`.
   * The same ids with the same type and data at the same expected revision again: `unchanged`. Where that holds for
   * some of the streams only (an earlier attempt was cut off between two), the others are written. Everything
   * else that does not fit is a conflict, a value: then nothing was written to that stream.
   * Resolves only when the events are durable. Throws `StoreUnavailable` when that is not known,
   * `AppendRefused` for what could never be appended (beyond `appendLimits`, malformed), `EventIdTaken` where the adapter notices it.
   */
  append(writes: readonly StreamWrite[]): Promise<AppendResult>;

  /** A stream's events in order, from a revision (default 0). Bounded memory; an unknown stream is empty. */
  readStream(
    stream: StreamName,
    options?: { readonly from?: number },
  ): AsyncIterable<RecordedEvent>;

  /**
   * Several streams at once, for a batch of short ones: each whole, or from the revision that `from` names for it, so that who knows
   * the beginning reads only what is new. A stream with nothing to tell is absent from the map.
   */
  readStreams(
    streams: readonly StreamName[],
    options?: { readonly from?: ReadonlyMap<StreamName, number> },
  ): Promise<ReadonlyMap<StreamName, readonly RecordedEvent[]>>;

  /** Everything in the store's order, up to what is there when the reader arrives at the end. Bounded memory. */
  readAll(options?: ReadAllOptions): AsyncIterable<RecordedEvent>;

  /**
   * The same for who folds all there is: as many at a time as come together, and without what costs most to read, where the store can leave it out.
   */
  readAllBare(options?: ReadAllOptions): AsyncIterable<readonly BareEvent[]>;

  /**
   * Follows the store from a position on: batches in order, at most `batchMax` events each, then waits for more.
   * Ends when `signal` aborts; heals by itself when the database comes back.
   */
  follow(
    options: ReadAllOptions & { readonly batchMax: number; readonly signal: AbortSignal },
  ): AsyncIterable<readonly RecordedEvent[]>;

  /** The position of the last event, 0n when there is none. */
  head(): Promise<bigint>;

  close(): Promise<void>;
}

/** The store cannot be reached, or the connection broke before the answer: try the same append again. */
export class StoreUnavailable extends Error {
  constructor(cause: unknown) {
    super(
      `the event store cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
    this.name = 'StoreUnavailable';
  }
}

/** The call is wrong in itself: too large, malformed, a stream named twice. To repeat it is of no use. */
export class AppendRefused extends Error {
  constructor(message: string) {
    super(`the append is refused: ${message}`);
    this.name = 'AppendRefused';
  }
}

/** An event with this id is in the store already, elsewhere than this append would put it: its fact was decided twice. A bug of the caller. */
export class EventIdTaken extends Error {
  constructor(id: string, stream: StreamName, revision: number) {
    super(`event ${id} is in the store already: ${stream} revision ${revision}`);
    this.name = 'EventIdTaken';
  }
}
