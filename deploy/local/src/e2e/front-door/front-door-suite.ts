import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { afterAll, beforeAll, describe } from '@jest/globals';
import type { KafkaBroker } from '@tallystick/testing/kafka';
import { startLocalSystem, type LocalSystem } from '../../index.js';
import { makeDataFolder, removeDataFolder } from '../tools/data-folders.js';
import {
  eventStoreOfRun,
  startEventStore,
  type StartedEventStore,
} from '../tools/event-store-of-run.js';
import { access } from './access.js';
import { accounts } from './accounts.js';
import { corrections } from './corrections.js';
import { deadLetters } from './dead-letters.js';
import { holdsAndTransfers } from './holds.js';
import { houseOf, type House } from './house.js';
import { overTheBus } from './over-the-bus.js';
import { partners } from './partners.js';
import { protobuf } from './protobuf.js';
import { programmes } from './programmes.js';
import { receipts } from './receipts.js';
import { redemptions } from './redemptions.js';
import { returns } from './returns.js';
import { theWhole } from './the-whole.js';

const startsWithinMs = 180_000;

/**
 * Everything that the system does, through its front door: the same whether it is one process or five, wherever its events
 * are, and whatever its bus is. `startKafka`: the bus is a Kafka of its own.
 */
export const frontDoorSuite = (
  processes: 1 | 5,
  kind = eventStoreOfRun,
  startKafka?: () => Promise<KafkaBroker>,
): void => {
  const on = kind === 'eventstoredb' ? 'EventStoreDB or a double of it' : 'PostgreSQL';
  const bus = startKafka === undefined ? '' : ' and Kafka';
  describe(`the front door of ${processes === 1 ? 'one process' : 'five processes'} on ${on}${bus}`, () => {
    let folder: string;
    let eventStore: StartedEventStore | undefined;
    let broker: KafkaBroker | undefined;
    let system: LocalSystem | undefined;
    let house: House | undefined;
    beforeAll(async () => {
      folder = await makeDataFolder();
      eventStore = await startEventStore(kind, path.join(folder, 'eventstoredb'));
      const { place } = eventStore;
      broker = await startKafka?.();
      system = await startLocalSystem({
        dataDir: folder,
        port: 0,
        processes,
        logLevel: 'error',
        eventStore: place,
        clockEverySeconds: 1,
        ...(broker === undefined
          ? {}
          : { kafka: { brokers: broker.brokers, prefix: `e2e-${randomUUID().slice(0, 8)}.` } }),
      });
      house = await houseOf(system, { databaseUrl: system.postgres.url, eventStore: place });
    }, startsWithinMs);
    afterAll(async () => {
      await system?.stop();
      await broker?.stop();
      await eventStore?.stop();
      await removeDataFolder(folder);
    }, startsWithinMs);
    const here = (): House => {
      if (house === undefined) throw new Error('the system did not start');
      return house;
    };

    programmes(here);
    receipts(here);
    returns(here);
    redemptions(here);
    holdsAndTransfers(here);
    partners(here);
    accounts(here);
    corrections(here);
    overTheBus(here);
    deadLetters(here);
    if (startKafka !== undefined) protobuf(here);
    access(here);
    theWhole(here);
  });
};
