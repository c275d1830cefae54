import { afterAll, beforeAll, describe } from '@jest/globals';
import { startLocalSystem, type LocalSystem } from '../../index.js';
import { makeDataFolder, removeDataFolder } from '../tools/data-folders.js';
import { access } from './access.js';
import { accounts } from './accounts.js';
import { houseOf, type House } from './house.js';
import { overTheBus } from './over-the-bus.js';
import { partners } from './partners.js';
import { programmes } from './programmes.js';
import { receipts } from './receipts.js';
import { redemptions } from './redemptions.js';
import { returns } from './returns.js';
import { theWhole } from './the-whole.js';

const startsWithinMs = 180_000;

/** Everything that the system does, through its front door: the same whether it is one process or five. */
export const frontDoorSuite = (processes: 1 | 5): void => {
  describe(`the front door of ${processes === 1 ? 'one process' : 'five processes'}`, () => {
    let folder: string;
    let system: LocalSystem | undefined;
    let house: House | undefined;
    beforeAll(async () => {
      folder = await makeDataFolder();
      system = await startLocalSystem({ dataDir: folder, port: 0, processes, logLevel: 'error' });
      house = await houseOf(system, system.postgres.url);
    }, startsWithinMs);
    afterAll(async () => {
      await system?.stop();
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
    partners(here);
    accounts(here);
    overTheBus(here);
    access(here);
    theWhole(here);
  });
};
