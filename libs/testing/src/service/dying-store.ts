import { StoreUnavailable, type EventStore } from '@tallystick/event-store';

/** The store of a process that dies at its append: before the store heard of it, or before it heard the store's answer. */
export const dyingStore = (alive: EventStore, when: 'before' | 'after'): EventStore => {
  const append: EventStore['append'] = async (writes) => {
    if (when === 'after') await alive.append(writes);
    throw new StoreUnavailable(new Error('killed'));
  };
  return new Proxy(alive, {
    get: (target, name) => {
      if (name === 'append') return append;
      const value: unknown = Reflect.get(target, name);
      const bound: unknown = typeof value === 'function' ? value.bind(target) : value;
      return bound;
    },
  });
};
