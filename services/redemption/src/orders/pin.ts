import { z } from 'zod';
import type { EventStore } from '@tallystick/event-store';
import { accountId, type AccountId, type Instant, type StreamName } from '@tallystick/kernel';

/** What the first event of an order's own stream says, whatever kind of order it is. */
export interface Pin {
  /** Where it goes to. */
  readonly account: AccountId;
  /** SHA-256 of what was asked for. */
  readonly hash: string;
}

/** A pin as it was read. */
export interface ReadPin extends Pin {
  readonly begunAt: Instant;
}

export const pinned = z.object({ account: z.string().transform(accountId), hash: z.string() });

/** Null: the stream was never begun. */
export const readPin = async (store: EventStore, stream: StreamName): Promise<ReadPin | null> => {
  const first = await readFirst(store, stream);
  return first === null ? null : { ...pinned.parse(first.data), begunAt: first.at };
};

/** What a stream's first event says, and when. Null: there is none. */
export const readFirst = async (
  store: EventStore,
  stream: StreamName,
): Promise<{ readonly data: unknown; readonly at: Instant } | null> => {
  for await (const { data, metadata } of store.readStream(stream)) {
    const parsed: unknown = JSON.parse(data);
    return { data: parsed, at: metadata.occurredAt };
  }
  return null;
};
