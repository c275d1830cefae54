import { StoreUnavailable, type EventStore } from '@tallystick/event-store';
import { dyingStore } from '@tallystick/testing/service';

/** The store of a process that dies between two streams of one append, as a store may that is not atomic over streams. */
export const cutStore = (alive: EventStore): EventStore =>
  new Proxy(dyingStore(alive, 'before'), {
    get: (target, name) => {
      if (name !== 'append') {
        const value: unknown = Reflect.get(target, name);
        return value;
      }
      const append: EventStore['append'] = async ([first]) => {
        if (first !== undefined) await alive.append([first]);
        throw new StoreUnavailable(new Error('killed'));
      };
      return append;
    },
  });
