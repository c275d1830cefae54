import { z } from 'zod';
import type { EventStore } from '@tallystick/event-store';
import { accountId, type AccountId, type StreamName } from '@tallystick/kernel';

/** What the first event of an order's own stream says, whatever kind of order it is. */
export interface Pin {
  /** Where it goes to. */
  readonly account: AccountId;
  /** SHA-256 of what was asked for. */
  readonly hash: string;
}

const pinned = z.object({ account: z.string().transform(accountId), hash: z.string() });

/** Null: the stream was never begun. */
export const readPin = async (store: EventStore, stream: StreamName): Promise<Pin | null> => {
  const data = await readFirst(store, stream);
  return data === null ? null : pinned.parse(data);
};

/** The data of a stream's first event. */
export const readFirst = async (store: EventStore, stream: StreamName): Promise<unknown> => {
  for await (const { data } of store.readStream(stream)) {
    const parsed: unknown = JSON.parse(data);
    return parsed;
  }
  return null;
};
