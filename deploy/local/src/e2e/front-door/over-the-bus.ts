import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topics } from '@tallystick/contracts';
import type { DeadLetter, MessageBus } from '@tallystick/message-bus';
import { at } from '../tools/client.js';
import { eventually } from '../tools/eventually.js';
import { withStore } from '../tools/store.js';
import { enrol, line, publish, receipt, retried, whatBecameOf } from './house.js';
import type { House, Member } from './house.js';

export const overTheBus = (houseOf: () => House): void => {
  describe('receipts over the bus', () => {
    const program = 'e2e-bus';
    const card = '9826700000011';
    const topic = topics.receipts.name;
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    let house: House;
    let ann: Member;
    let bus: MessageBus;
    beforeAll(async () => {
      house = houseOf();
      const published = await publish(house, program);
      ann = await enrol(house, program, [card], published);
      // What a till streams cannot say that it comes after the enrolment: accrual has to have heard of it.
      const { position: after } = ann;
      await retried(() => house.manager('accrual', `/v1/programs/${program}`, { after }));
      bus = house.openBus();
    });
    afterAll(async () => {
      await bus.close();
    });

    const send = async (id: string, value: string): Promise<void> => {
      const headers = { 'content-type': 'application/json', ce_id: id, traceparent };
      await bus.publish([{ topic, key: card, id, headers, value }]);
    };
    const deadLetters = async (): Promise<DeadLetter[]> => {
      const letters: DeadLetter[] = [];
      for await (const letter of bus.deadLetters(topic)) letters.push(letter);
      return letters;
    };
    const outcomeOf = async (number: string): Promise<unknown> =>
      await eventually(`receipt ${number} has come`, async () => {
        const found = await whatBecameOf(house, receipt(program, number));
        // A store without atomicity across streams has the receipt a moment before its award.
        const whole = found.status === 200 && at(found.body, 'reason') !== 'not-posted-yet';
        return whole ? found.body : undefined;
      });

    it('takes what tills stream, and once however often it is delivered', async () => {
      const sent = JSON.stringify(receipt(program, '1', { card }));
      await send('bus-1', sent);
      await send('bus-1-again', sent);
      const lines = [line(1, 'tea', '1', '7.00')];
      await send('bus-2', JSON.stringify(receipt(program, '2', { card, lines })));
      expect(await outcomeOf('2')).toMatchObject({ outcome: 'awarded', earned: 7 });
      expect(await outcomeOf('1')).toMatchObject({ account: ann.account, earned: 12 });
      const balance = await eventually('both are on the account', async () => {
        const path = `/v1/accounts/${program}/${ann.account}`;
        const found = await house.manager('reporting', path);
        return at(found.body, 'available') === 19 ? found.body : undefined;
      });
      expect(balance).toMatchObject({ available: 19 });
    });

    it('passes the trace of the message on into the events', async () => {
      const metadata = await withStore(house, async (store) => {
        for await (const event of store.readAll({ categories: ['ledger'] }))
          if (event.data.includes(`receipt/${program.replaceAll('-', '%2D')}/`))
            return event.metadata;
        return undefined;
      });
      expect(metadata?.traceparent).toContain('4bf92f3577b34da6a3ce929d0e0e4736');
    });

    it('puts what can never be taken aside with the reason and without the card number, and goes on', async () => {
      const faulty = { ...receipt(program, '3', { card }), currency: 'pounds' };
      await send('poison-form', JSON.stringify(faulty));
      await send('poison-text', `no JSON at all, card ${card}`);
      await send('poison-program', JSON.stringify(receipt('e2e-nowhere', '4', { card })));
      await send('bus-5', JSON.stringify(receipt(program, '5', { card })));
      expect(await outcomeOf('5')).toMatchObject({ outcome: 'awarded' });
      const letters = await eventually('three dead letters', async () => {
        const found = (await deadLetters()).filter(({ id }) => id.startsWith('poison-'));
        return found.length === 3 ? found : undefined;
      });
      expect(letters.map(({ id }) => id)).toEqual(['poison-form', 'poison-text', 'poison-program']);
      expect(letters[0]?.reason).toContain('currency');
      expect(letters[1]?.reason).toContain('not JSON');
      expect(letters[2]?.reason).toContain('no such programme');
      expect(letters.every(({ headers }) => headers['traceparent'] === traceparent)).toBe(true);
      expect(JSON.stringify(letters, bigintsAsText)).not.toContain(card);
    });
  });
};

const bigintsAsText = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value;
