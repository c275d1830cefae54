import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addMs, factId, localDate } from '@tallystick/kernel';
import { runSource } from '@tallystick/testing';
import { z } from 'zod';
import { program } from '../testing/club.js';
import { openHouse, type House } from '../testing/house.js';

const account = 'by-hand';
const certificate = factId('certificate', program, account, 'gift', '2026-01-01');
const used = z.looseObject({ use: z.string() });
/** Each command is a process of its own, on a machine that may be busy. */
const severalCommandsMs = 240_000;

let house: House;
beforeAll(async () => {
  house = await openHouse();
  const opened = await house.club.open(account);
  const at = house.clock();
  await house.club.happen(opened, certificate, [
    {
      type: 'CertificateIssued',
      data: {
        ...{ fact: certificate, occurredAt: at, rule: 'gift', by: 'spend', reached: 100 },
        period: { kind: 'year', first: localDate('2026-01-01'), last: localDate('2026-12-31') },
        ...{ from: '1', rulebook: { version: 1, hash: 'h' }, valueMinor: 1_250, currency: 'GBP' },
        ...{ validUntil: addMs(at, 86_400_000), funder: 'chain' },
      },
    },
  ]);
  process.env['TALLYSTICK_URL'] = house.service.url;
  process.env['TALLYSTICK_TOKEN'] = await house.deployment.issuer.token({
    ...{ sub: 'ann', roles: ['manager'], programs: [program] },
  });
});
afterAll(async () => {
  delete process.env['TALLYSTICK_URL'];
  delete process.env['TALLYSTICK_TOKEN'];
  await house.close();
});

const tally = async (...args: readonly string[]) => {
  const main = new URL('../../../tally/src/main.ts', import.meta.url);
  const command = runSource(main, ['certificate', ...args, '--program', program]);
  const lines: string[] = [];
  for await (const line of command.lines) lines.push(line);
  return { exitCode: await command.ended, out: lines.join('\n') };
};
const use = (key: string, ...more: readonly string[]) =>
  tally('use', certificate, '--account', account, '--reference', 'desk', '--key', key, ...more);
const giveBack = (of: string, key: string, ...more: readonly string[]) =>
  tally('give-back', of, '--reason', 'the goods came back', '--key', key, ...more);

describe('tally certificate', () => {
  it(
    'uses a certificate once for its key and gives it back once; what is refused ends with 7, what is not there with 6',
    async () => {
      const first = await use('one', '--json');
      expect(first.exitCode).toBe(0);
      expect(JSON.parse(first.out)).toMatchObject({ account, value: '12.5', currency: 'GBP' });
      expect(await use('one', '--json')).toEqual(first);
      expect(await use('two')).toEqual({ exitCode: 7, out: '' });

      const { use: id } = used.parse(JSON.parse(first.out));
      const back = await giveBack(id, 'one');
      expect(back.exitCode).toBe(0);
      expect(back.out).toContain(`a gift certificate of 12.5 GBP is back on account ${account}`);
      expect(await giveBack(id, 'one')).toEqual(back);
      expect(await giveBack(id, 'two')).toEqual({ exitCode: 7, out: '' });
      expect(await giveBack('nothing', 'one')).toEqual({ exitCode: 6, out: '' });

      const again = await use('three');
      expect(again.exitCode).toBe(0);
      expect(again.out).toMatch(/^use \S+: the gift certificate of account by-hand paid 12\.5 GBP/);
      const both = await use('four', '--card', '17850');
      expect(both).toEqual({ exitCode: 2, out: '' });
    },
    severalCommandsMs,
  );
});
