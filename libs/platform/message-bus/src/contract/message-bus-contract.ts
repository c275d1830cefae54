import { afterAll, afterEach, beforeAll, describe, jest } from '@jest/globals';
import { openGates, type BusUnderTest, type OpenBus } from './bus-under-test.js';
import { consumingContract } from './consuming-contract.js';
import { deadLettersContract } from './dead-letters-contract.js';
import { failuresContract } from './failures-contract.js';
import { groupsContract } from './groups-contract.js';
import { publishingContract } from './publishing-contract.js';

const testMaxMs = 120_000;

/** What a part of the suite gets: buses that are closed after each test. */
export type OpenBuses = () => OpenBus;

/**
 * What every adapter of `MessageBus` must do, crashes and concurrency included. `makeBus` starts a broker for the
 * suite; see `assumed` for how fast it is to be.
 */
export const messageBusContract = (name: string, makeBus: () => Promise<BusUnderTest>): void => {
  // For every test of the file, those of other suites too: real parts on a busy machine.
  jest.setTimeout(testMaxMs);
  describe(`message bus: ${name}`, () => {
    let broker: BusUnderTest | undefined;
    let opened: OpenBus[] = [];

    beforeAll(async () => {
      broker = await makeBus();
    });
    afterEach(async () => {
      openGates();
      const closing = opened;
      opened = [];
      await Promise.all(closing.map(({ bus }) => bus.close()));
    });
    afterAll(async () => {
      await broker?.close();
    });

    const open: OpenBuses = () => {
      if (broker === undefined) throw new Error('the broker was not started');
      const one = broker.open();
      opened.push(one);
      return one;
    };

    publishingContract(open);
    consumingContract(open);
    deadLettersContract(open);
    groupsContract(open);
    failuresContract(open);
  });
};
