import { afterEach, beforeEach, describe } from '@jest/globals';
import type { EventStore } from '../port.js';
import { appendingContract } from './appending.js';
import { followingContract } from './following.js';
import { orderContract } from './order.js';
import { readingContract } from './reading.js';
import type { EventStoreSubject, StorePlace } from './subject.js';

export type { EventStoreSubject, ScriptProcess, StorePlace } from './subject.js';

/** What each part of the contract works on: a place of its own for each test, and a client of it. */
export interface Bench {
  readonly place: StorePlace;
  readonly store: EventStore;
  /** Another client; closed after the test. */
  readonly another: () => Promise<EventStore>;
}

/** What an event store promises, as tests with real parts. Every adapter passes all of it. */
export const eventStoreContract = (name: string, subject: EventStoreSubject): void => {
  describe(`the event store's contract: ${name}`, () => {
    let bench: Bench | undefined;
    let stores: EventStore[] = [];

    const get = (): Bench => {
      if (bench === undefined) throw new Error('only inside a test');
      return bench;
    };

    beforeEach(async () => {
      const place = await subject.make();
      const another = async (): Promise<EventStore> => {
        const store = await place.open();
        stores.push(store);
        return store;
      };
      bench = { place, store: await another(), another };
    });

    afterEach(async () => {
      await Promise.all(stores.map((store) => store.close()));
      stores = [];
      await bench?.place.remove();
      bench = undefined;
    });

    appendingContract(get);
    readingContract(get);
    orderContract(get);
    followingContract(get);
  });
};
