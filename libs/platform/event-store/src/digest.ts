import { createHash } from 'node:crypto';
import type { StreamName } from '@tallystick/kernel';
import type { EventStore, ReadAllOptions } from './port.js';

/** What a store's events come to: equal digests, equal events. */
export interface StoreDigest {
  /** SHA-256, in hex, of every stream's name and digest, in the order of their names' code units. */
  readonly all: string;
  readonly streams: ReadonlyMap<StreamName, string>;
  readonly events: number;
}

const nothing = Buffer.alloc(32);

/**
 * Digests of what is in the store, per stream and over all, over (id, type, data): not over positions or the time of
 * recording, so that a store that was cut off and resumed, moved or restored compares equal to one that was not.
 * A stream's digest is a chain: d(n) = SHA-256(d(n-1) ‖ id ‖ 0 ‖ type ‖ 0 ‖ data), d(0) = 32 zero bytes.
 * One pass over `$all`; memory grows with the number of streams, by some hundred bytes each.
 */
export const digestStreams = async (
  store: Pick<EventStore, 'readAll'>,
  options?: ReadAllOptions,
): Promise<StoreDigest> => {
  const chains = new Map<StreamName, Buffer>();
  let events = 0;
  for await (const { stream, id, type, data } of store.readAll(options)) {
    const before = chains.get(stream) ?? nothing;
    const text = `${id}\0${type}\0${data}`;
    chains.set(stream, createHash('sha256').update(before).update(text).digest());
    events += 1;
  }
  const streams = new Map<StreamName, string>();
  const all = createHash('sha256');
  for (const stream of [...chains.keys()].sort()) {
    const digest = chains.get(stream)?.toString('hex') ?? '';
    streams.set(stream, digest);
    all.update(`${stream}\0${digest}\n`);
  }
  return { all: all.digest('hex'), streams, events };
};
