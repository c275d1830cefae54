import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { deadLettersPath, topics } from '@tallystick/contracts';
import type { MessageBus } from '@tallystick/message-bus';
import {
  at,
  clientOf,
  everywhere,
  expected,
  listAt,
  numberAt,
  problemOf,
  textAt,
} from '../tools/client.js';
import { eventually } from '../tools/eventually.js';
import { startProgram, tallyProgram } from '../tools/programs.js';
import { enrol, publish, receipt, whatBecameOf, type House, type Member } from './house.js';

/** What no service could take, and what people make of it with `tally dlq`. */
export const deadLetters = (houseOf: () => House): void => {
  describe('dead letters', () => {
    const [program, later] = ['e2e-letters', 'e2e-letters-later'];
    const card = '9826700001001';
    const topic = topics.receipts.name;
    let house: House;
    let bus: MessageBus;
    beforeAll(async () => {
      house = houseOf();
      bus = house.openBus();
      await enrol(house, program, [card], await publish(house, program));
      const sent = [
        ['early', receipt(later, '1', { card })],
        ['early-too', receipt(later, '2', { card })],
        ['faulty', { ...receipt(program, '3', { card }), currency: 'pounds' }],
      ] as const;
      for (const [id, value] of sent)
        await bus.publish([{ topic, key: card, id, headers: {}, value: JSON.stringify(value) }]);
    });
    afterAll(() => bus.close());

    const tally = async (...args: readonly string[]) => {
      const urls = Object.entries(house.system.urls).map(
        ([service, url]) => [`TALLYSTICK_${service.toUpperCase()}_URL`, url] as const,
      );
      const token = await house.system.tokenFor({ sub: 'ann', roles: ['ops'], ...everywhere });
      const env = { ...Object.fromEntries(urls), TALLYSTICK_TOKEN: token };
      const command = startProgram(tallyProgram, ['dlq', ...args, '--json'], env);
      const exitCode = await command.ended;
      const out = command.stdout();
      return { exitCode, body: (out === '' ? undefined : JSON.parse(out)) as unknown };
    };
    const idsOf = async (): Promise<Map<string, string>> => {
      const path = `${deadLettersPath('accrual')}?topic=${topic}`;
      const { body } = expected(await house.ops('accrual', path), 200);
      return new Map(
        listAt(body, 'letters').map((one) => {
          const place = [numberAt(one, 'partition'), textAt(one, 'offset')];
          return [textAt(one, 'messageId'), ['accrual', topic, ...place].join('/')];
        }),
      );
    };
    const named = (ids: ReadonlyMap<string, string>, messageId: string): string => {
      const id = ids.get(messageId);
      if (id === undefined) throw new Error(`there is no dead letter of ${messageId}`);
      return id;
    };

    it('are listed and shown with the reason, and without the card number', async () => {
      const ids = await eventually('three dead letters', async () => {
        const found = await idsOf();
        return ['early', 'early-too', 'faulty'].every((id) => found.has(id)) ? found : undefined;
      });
      const listed = await tally('list', '--topic', topic);
      expect(listAt(listed.body, 'letters')).toContainEqual(
        expect.objectContaining({ id: named(ids, 'early'), messageId: 'early' }),
      );
      const { exitCode, body } = await tally('show', named(ids, 'early'));
      expect(exitCode).toBe(0);
      expect(body).toMatchObject({ topic, reason: expect.stringContaining('no such programme') });
      expect(JSON.stringify(body)).not.toContain(card);
      expect(await tally('list', '--topic', 'nope')).toMatchObject({ exitCode: 6 });
      expect(await tally('list', '--topic', topic, '--limit', '2')).toMatchObject({
        body: { more: true },
      });
      expect(await tally('show', 'accrual/receipts/0/999999')).toMatchObject({ exitCode: 6 });
    });

    it('are taken when what they lacked is there, whole and once; the others stay', async () => {
      const ids = await idsOf();
      const ann: Member = await enrol(house, later, [card], await publish(house, later));
      const asked = ['early', 'faulty', 'early-too'].map((id) => named(ids, id));
      const { exitCode, body } = await tally('retry', ...asked);
      expect(exitCode).toBe(7);
      expect(await tally('retry', named(ids, 'faulty'))).toMatchObject({ exitCode: 7 });
      expect(listAt(body, 'outcomes')).toMatchObject([
        { id: asked[0], outcome: 'done' },
        { id: asked[1], outcome: 'refused', reason: expect.stringContaining('currency') },
        { id: asked[2], outcome: 'done' },
      ]);
      for (const number of ['1', '2']) {
        const found = await eventually(`receipt ${number} is awarded`, async () => {
          const answer = await whatBecameOf(house, receipt(later, number));
          return at(answer.body, 'outcome') === 'awarded' ? answer.body : undefined;
        });
        expect(found).toMatchObject({ account: ann.account, earned: 12 });
      }
      const left = await idsOf();
      expect([left.has('early'), left.has('early-too'), left.has('faulty')]).toEqual([
        ...[false, false, true],
      ]);
    });

    it('are given up when somebody says so', async () => {
      const id = named(await idsOf(), 'faulty');
      expect(await tally('drop', id)).toMatchObject({ exitCode: 0 });
      expect((await idsOf()).has('faulty')).toBe(false);
    });

    it('are for ops of every programme alone', async () => {
      const path = deadLettersPath('accrual');
      expect(problemOf(await house.manager('accrual', path))).toBe('forbidden');
      expect(problemOf(await house.stranger('accrual', path))).toBe('token-missing');
      const ofOne = { sub: 'o', roles: ['ops' as const], programs: [program] };
      const client = await clientOf(house.system, ofOne);
      expect(problemOf(await client('accrual', path))).toBe('forbidden');
    });
  });
};
