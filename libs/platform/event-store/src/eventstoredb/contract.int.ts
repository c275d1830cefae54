import { randomBytes } from 'node:crypto';
import { afterAll } from '@jest/globals';
import { runSource } from '@tallystick/testing';
import {
  startDoubleProcess,
  startRealEventStoreDb,
  type DoubleProcess,
  type RealEventStoreDb,
} from '@tallystick/testing/eventstoredb';
import { eventStoreContract, type StorePlace } from '../contract/event-store-contract.js';
import { open, placeArgument } from './in-process.js';
import { createEventStoreDbEventStore } from './store.js';

const openModule = new URL('./in-process.ts', import.meta.url);
/** The most that a real server can be configured to take. */
const maxAppendBytes = 16_767_216;

/** One server for all tests. */
const real = await startRealEventStoreDb();
let double: DoubleProcess | undefined;
afterAll(async () => {
  await real?.stop();
  await double?.stop();
});

const placeOn = (argument: string): Pick<StorePlace, 'open' | 'run'> => ({
  open: () => open(argument),
  run: (script, args, options) => runSource(script, [openModule.href, argument, ...args], options),
});

/** A real server cannot be emptied: each test gets a part of it. */
const onReal = async (server: RealEventStoreDb): Promise<StorePlace> => {
  const { url } = server;
  const store = createEventStoreDbEventStore({ url });
  const begin = await store.head();
  await store.close();
  return {
    ...placeOn(placeArgument(url, { name: randomBytes(8).toString('hex'), begin })),
    breakConnections: async () => server.breakConnections(),
    remove: async () => undefined,
  };
};

const onDouble = async (): Promise<StorePlace> => {
  const one = (double ??= await startDoubleProcess({ maxAppendBytes }));
  return {
    ...placeOn(placeArgument(one.url)),
    breakConnections: () => one.breakConnections(),
    remove: () => one.empty(),
  };
};

eventStoreContract(real === undefined ? 'a double of EventStoreDB' : 'EventStoreDB', {
  make: () => (real === undefined ? onDouble() : onReal(real)),
});
