import type { EventStore } from '../port.js';

interface StoreModule {
  open(argument: string): Promise<EventStore>;
}

const isStoreModule = (module: unknown): module is StoreModule =>
  typeof module === 'object' && module !== null && 'open' in module;

/** Opens a store as `StorePlace.inProcess` says. */
export const openStore = async (moduleUrl = '', argument = ''): Promise<EventStore> => {
  const module: unknown = await import(moduleUrl);
  if (!isStoreModule(module)) throw new Error(`${moduleUrl} does not open a store`);
  return await module.open(argument);
};
