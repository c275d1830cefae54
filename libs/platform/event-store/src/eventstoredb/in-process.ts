import type { EventStore } from '../port.js';
import { freshPart } from './fresh-part.js';
import { createEventStoreDbEventStore } from './store.js';

/** For tests that open the store in a process of its own: the arguments are the server's URL and, where that cannot be emptied, a part of it. */
export const placeArgument = (url: string, part?: { name: string; begin: bigint }): string =>
  [url, ...(part === undefined ? [] : [part.name, String(part.begin)])].join(' ');

export const open = async (argument: string): Promise<EventStore> => {
  const [url = '', name, begin] = argument.split(' ');
  const store = createEventStoreDbEventStore({ url });
  return name === undefined ? store : freshPart(store, { name, begin: BigInt(begin ?? 0) });
};
