import { StoreUnavailable, type EventStore } from '@tallystick/event-store';

/** The store of a process that is killed after so many appends. */
export const storeUntil = (alive: EventStore, appendsMax: number): EventStore => {
  let appends = 0;
  return {
    capabilities: alive.capabilities,
    append: (writes) => {
      appends += 1;
      if (appends > appendsMax) return Promise.reject(new StoreUnavailable(new Error('killed')));
      return alive.append(writes);
    },
    readStream: (stream, options) => alive.readStream(stream, options),
    readStreams: (streams, options) => alive.readStreams(streams, options),
    readAll: (options) => alive.readAll(options),
    readAllBare: (options) => alive.readAllBare(options),
    follow: (options) => alive.follow(options),
    head: () => alive.head(),
    close: () => alive.close(),
  };
};
