import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Points, factId, instant } from '@tallystick/kernel';
import { decideClose } from '@tallystick/ledger';
import {
  eventually,
  testDeployment,
  type Deployment,
  type TestService,
} from '@tallystick/testing/service';
import { openClub } from '../testing/club.js';
import { startAccrual } from '../testing/start-accrual.js';

let deployment: Deployment;
let service: TestService;

beforeAll(async () => {
  deployment = await testDeployment();
  service = await startAccrual(deployment);
});
afterAll(async () => {
  await service.close();
  await deployment.drop();
});

it('what an older release took off the bus without noting it is read from the store once, and goes on where a killed start stopped', async () => {
  const notes = async (): Promise<unknown[]> => {
    const accounts = await service.db.query('select * from accounts order by stream');
    const due = await service.db.query('select * from due_accounts order by stream');
    return [accounts.rows, due.rows];
  };
  const club = await openClub(service);
  for (const name of ['ann', 'bob', 'cid'])
    await club.open(name, [
      { points: Points.points(1), expiresAt: instant('2098-01-01T00:00:00Z') },
    ]);
  const through = instant('2026-01-01T00:00:00Z');
  const command = { fact: factId('closing', club.program), factHash: 'h', through };
  await club.post('bob', (account, at) =>
    decideClose(account, { ...command, keepFrom: through }, at),
  );
  await service.caughtUp();
  const before = await notes();
  expect(JSON.stringify(before)).toContain('"closed_revision":2');

  for (const from of ['0', String(await service.store.head())]) {
    await service.db.query('truncate accounts, due_accounts, caught_up');
    await service.db.query(`insert into caught_up values ('ledger', $1, false)`, [from]);
    await service.close();
    service = await startAccrual(deployment);
    await eventually(async () => {
      const { rows } = await service.db.query<{ done: boolean }>('select done from caught_up');
      return rows[0]?.done === true;
    });
    expect(await notes()).toEqual(from === '0' ? before : [[], []]);
  }
});
