import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { keysOf } from '../data/keys.js';
import { startLocalSystem, type LocalSystem } from '../index.js';
import { serviceMain } from '../project.js';
import { serviceEnv } from '../system/service-env.js';
import { localIssuer } from '@tallystick/service-host';
import {
  balance,
  enrol,
  houseOf,
  line,
  publish,
  receipt,
  submit,
  type House,
} from './front-door/house.js';
import { at, clientOf, everywhere, problemOf, type Client } from './tools/client.js';
import { makeDataFolder, removeDataFolder } from './tools/data-folders.js';
import { eventually } from './tools/eventually.js';
import {
  eventStoreOfRun,
  startEventStore,
  type StartedEventStore,
} from './tools/event-store-of-run.js';
import { startProgram, type Program } from './tools/programs.js';
import { replay } from './tools/replay.js';
import { say, timed } from './tools/say.js';
import { sideBySide } from './tools/side-by-side.js';

jest.setTimeout(600_000);

const processes = 4;
const redemptions = 1_000;
const pointsEach = 10;
/** Half of what is asked for. */
const pointsThere = (redemptions * pointsEach) / 2;
/** Requests in hand at each process. */
const atOnce = 8;

describe(`${redemptions} redemptions by ${processes} processes against a balance that covers half`, () => {
  const program = 'e2e-the-last-point';
  const card = '9826900000019';
  let folder: string;
  let eventStore: StartedEventStore;
  let system: LocalSystem | undefined;
  let house: House;
  let account: string;
  const others: Program[] = [];
  /** A till at each process. */
  const tills: Client[] = [];
  /** One till, by way of each process. */
  const same: Client[] = [];

  beforeAll(async () => {
    folder = await makeDataFolder();
    eventStore = await startEventStore(eventStoreOfRun, path.join(folder, 'eventstoredb'));
    const { place } = eventStore;
    system = await startLocalSystem({
      dataDir: folder,
      port: 0,
      processes: 5,
      logLevel: 'error',
      eventStore: place,
    });
    house = await houseOf(system, { databaseUrl: system.postgres.url, eventStore: place });
    const published = await publish(house, program);
    const member = await enrol(house, program, [card], published);
    account = member.account;
    const lines = [line(1, 'tea', '1', `${pointsThere + pointsEach}.00`)];
    const earned = await submit(house, receipt(program, '1', { card, lines }), member.position);
    expect(await balance(house, program, account, earned.position)).toMatchObject({
      available: pointsThere + pointsEach,
    });
    // All four are the test's own: a machine may give a process of another session another share of its time.
    while (others.length < processes) {
      const redemption = await startAnother(system);
      const till = { sub: `till-${tills.length}`, roles: ['store'], ...everywhere } as const;
      const urlsOfTill = { ...system.urls, redemption };
      tills.push(await clientOf({ ...system, urls: urlsOfTill }, till));
      same.push(await clientOf({ ...system, urls: urlsOfTill }, { ...till, sub: 'one-till' }));
    }
  });
  afterAll(async () => {
    for (const one of others) one.kill('SIGTERM');
    for (const one of others) await one.ended;
    await system?.stop();
    await eventStore.stop();
    await removeDataFolder(folder);
  });

  /** A further process of redemption on the same store; answers its address. */
  const startAnother = async (beside: LocalSystem): Promise<string> => {
    const keys = await keysOf(beside.folder);
    const issuer = await localIssuer(keys.signingKey, keys);
    const adminUrl = beside.postgres.url;
    const env = serviceEnv('redemption', {
      adminUrl,
      keys,
      issuer,
      logLevel: 'info',
      eventStore: eventStore.place,
    });
    const one = startProgram(serviceMain('redemption'), [], { ...env, TALLYSTICK_HTTP_PORT: '0' });
    others.push(one);
    return await eventually(
      'a further redemption listens',
      async () => {
        if (!one.running()) throw new Error(`it ended:\n${one.stderr()}`);
        const url = /http:\/\/127\.0\.0\.1:\d+/.exec(one.stderr())?.[0];
        const ready = url === undefined ? undefined : await fetch(`${url}/health/redemption/ready`);
        return ready?.ok === true ? url : undefined;
      },
      { withinMs: 120_000 },
    );
  };

  it('redeems once for a key that all processes are sent at the same moment', async () => {
    const send = (till: Client) =>
      till('redemption', '/v1/redemptions', {
        body: { program, account, points: pointsEach, reference: 'once' },
        headers: { 'idempotency-key': 'once' },
      });
    const answers = await Promise.all([...same, ...same].map(send));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(at(answers[0]?.body, 'available')).toBe(pointsThere);
  });

  it('lets exactly half of them succeed, and tells the others that there are not enough points', async () => {
    const all = Array.from({ length: redemptions }, (_, index) => index);
    const answers = await timed('redemptions', async () => {
      const ofEach = tills.map((till, which) =>
        sideBySide(
          all.filter((index) => index % processes === which),
          atOnce,
          (index) =>
            till('redemption', '/v1/redemptions', {
              body: { program, account, points: pointsEach, reference: `sale ${index}` },
              headers: { 'idempotency-key': `sale-${index}` },
            }),
        ),
      );
      return await Promise.all(ofEach);
    });
    const succeeded = answers.map((some) => some.filter(({ status }) => status === 201).length);
    say(`of ${redemptions}, succeeded by process: ${succeeded.join(' + ')}`);
    const every = answers.flat();
    const refused = every.filter(({ status }) => status !== 201);
    expect(succeeded.reduce((sum, count) => sum + count, 0)).toBe(redemptions / 2);
    expect(succeeded.every((count) => count > 0)).toBe(true);
    expect(new Set(refused.map(problemOf))).toEqual(new Set(['insufficient-points']));
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([409]));

    const left = every.flatMap(({ status, body }) =>
      status === 201 ? [at(body, 'available')] : [],
    );
    const wanted = Array.from({ length: redemptions / 2 }, (_, index) => index * pointsEach);
    expect(left.map(Number).sort((a, b) => a - b)).toEqual(wanted);
  });

  it('leaves nothing, and books that balance', async () => {
    const report = await replay(house.ops);
    expect(report).toMatchObject({ status: 'done', equal: true, caughtUp: true });
    expect(await balance(house, program, account)).toMatchObject({
      unspent: 0,
      available: 0,
      arrears: 0,
    });
    const trial = await house.auditor('reporting', `/v1/reports/${program}/trial-balance`);
    expect(trial.body).toMatchObject({ sum: 0, balanced: true, differenceCount: 0 });
    const redeemed = { account: 'redeemed/discount', points: pointsThere + pointsEach };
    expect(at(trial.body, 'accounts')).toContainEqual(redeemed);
  });
});
