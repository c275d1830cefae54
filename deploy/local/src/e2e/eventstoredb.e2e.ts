import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startDoubleProcess, type DoubleProcess } from '@tallystick/testing/eventstoredb';
import { startLocalSystem, type LocalSystem } from '../index.js';
import { frontDoorSuite } from './front-door/front-door-suite.js';
import {
  available,
  enrol,
  houseOf,
  publish,
  receipt,
  submit,
  type House,
  type Member,
} from './front-door/house.js';
import { at, expected } from './tools/client.js';
import { makeDataFolder, removeDataFolder } from './tools/data-folders.js';
import { replay } from './tools/replay.js';
import { withStore } from './tools/store.js';

frontDoorSuite(1, 'eventstoredb');

const startsWithinMs = 180_000;

describe('a system whose double of EventStoreDB is killed under load', () => {
  const program = 'e2e-killed';
  const receipts = 120;
  const callers = 8;
  const kills = 3;
  const cards = ['9826800000011', '9826800000029', '9826800000037'];
  let folder: string;
  let double: DoubleProcess;
  let system: LocalSystem | undefined;
  let house: House;
  let members: Member[];
  /** From where in the store on the cards are known. */
  let linked: string;

  beforeAll(async () => {
    folder = await makeDataFolder();
    double = await startDoubleProcess({ folder: path.join(folder, 'eventstoredb') });
    const eventStore = { kind: 'eventstoredb', url: double.url };
    system = await startLocalSystem({ dataDir: folder, port: 0, logLevel: 'silent', eventStore });
    house = await houseOf(system, { databaseUrl: system.postgres.url, eventStore });
    const published = await publish(house, program);
    members = [];
    for (const card of cards) members.push(await enrol(house, program, [card], published));
    linked = members.at(-1)?.position ?? published;
  }, startsWithinMs);
  afterAll(async () => {
    await system?.stop();
    await double.stop();
    await removeDataFolder(folder);
  }, startsWithinMs);

  /** As a till does: the same receipt again until it is answered for good. */
  const send = async (index: number): Promise<void> => {
    const card = cards[index % cards.length] ?? '';
    for (;;) {
      const answer = await submit(house, receipt(program, `${index}`, { card }), linked);
      if (answer.status !== 503) {
        const { body } = expected(answer, 200, 201);
        expect(at(body, 'outcome')).toBe('awarded');
        return;
      }
      await sleep(200);
    }
  };

  it(
    'answers every receipt, awards each once, and ends with views that equal the store',
    async () => {
      let next = 0;
      const till = async (): Promise<void> => {
        for (let index = next++; index < receipts; index = next++) await send(index);
      };
      const over = new AbortController();
      const tills = Promise.all(Array.from({ length: callers }, till)).finally(() => {
        over.abort();
      });
      for (let kill = 1; kill <= kills; kill += 1) {
        while (next < (receipts / (kills + 1)) * kill && !over.signal.aborted) await sleep(20);
        const { port } = double;
        await double.kill();
        double = await startDoubleProcess({ folder: path.join(folder, 'eventstoredb'), port });
      }
      await tills;
      const head = await withStore(house, (store) => store.head());
      const each = (receipts / cards.length) * 12;
      for (const { account } of members)
        expect(await available(house, program, account, String(head))).toBe(each);
      const events = await withStore(house, async (store) => {
        let earned = 0;
        for await (const { type } of store.readAll({ categories: ['ledger'] }))
          if (type === 'PointsEarned') earned += 1;
        return earned;
      });
      expect(events).toBe(receipts);
      const balance = await house.auditor('reporting', `/v1/reports/${program}/trial-balance`);
      expect(balance.body).toMatchObject({ sum: 0, balanced: true, differenceCount: 0 });
      expect(await replay(house.ops)).toMatchObject({ status: 'done', equal: true });
    },
    startsWithinMs,
  );
});
