import { beforeAll, describe, expect, it } from '@jest/globals';
import { fromJsonString } from '@bufbuild/protobuf';
import { receiptV1ToProtobuf, topics, type RelayedEvent } from '@tallystick/contracts';
import { eventsOfTopic, eventsV1 } from '@tallystick/contracts/proto';
import type { DeadLetter, Message, OutgoingMessage } from '@tallystick/message-bus';
import { eventually } from '../tools/eventually.js';
import {
  enrol,
  publish,
  receipt,
  retried,
  whatBecameOf,
  type House,
  type Member,
} from './house.js';

/** On a bus that carries bytes: what a till sends in protobuf, and what is published, is as proto/ says. */
export const protobuf = (houseOf: () => House): void => {
  describe('protobuf over the bus', () => {
    const program = 'e2e-protobuf';
    const card = '9826700000998';
    const topic = topics.receipts.name;
    let house: House;
    let ann: Member;
    beforeAll(async () => {
      house = houseOf();
      ann = await enrol(house, program, [card], await publish(house, program));
      // What a till streams cannot say that it comes after the enrolment: accrual has to have heard of it.
      const { position: after } = ann;
      await retried(() => house.manager('accrual', `/v1/programs/${program}`, { after }));
    });

    const ofProtobuf = (id: string, bytes: Uint8Array): OutgoingMessage => {
      const headers = { 'content-type': 'application/protobuf', ce_id: id };
      return { topic, key: card, id, headers, value: '', bytes };
    };

    it('takes a receipt in protobuf as it takes it in JSON, once', async () => {
      const bus = house.openBus();
      const [one, two] = [receipt(program, '1', { card }), receipt(program, '2', { card })];
      const json = { topic, key: card, id: 'j1', headers: {}, value: JSON.stringify(one) };
      await bus.publish([
        ofProtobuf('p1', receiptV1ToProtobuf(one)),
        json,
        ofProtobuf('p2', receiptV1ToProtobuf(two)),
        ofProtobuf('p3', Buffer.from([0xff, 0xff])),
        ofProtobuf('p4', receiptV1ToProtobuf({ ...one, number: '4', currency: 'pounds' })),
        { ...json, id: 'j2', value: JSON.stringify(receipt(program, '3', { card })) },
      ]);
      for (const number of ['1', '2', '3']) {
        const found = await eventually(`receipt ${number} has come`, async () => {
          const answer = await whatBecameOf(house, receipt(program, number));
          return answer.status === 200 ? answer.body : undefined;
        });
        expect(found).toMatchObject({ outcome: 'awarded', account: ann.account, earned: 12 });
      }
      const letters = await eventually('the others are dead letters', async () => {
        const found: DeadLetter[] = [];
        for await (const letter of bus.deadLetters(topic))
          if (/^p\d$/.test(letter.id)) found.push(letter);
        return found.length >= 2 ? found : undefined;
      });
      await bus.close();
      expect(letters.map(({ id }) => id)).toEqual(['p3', 'p4']);
      expect(letters[0]?.reason).toContain('tallystick.receipts.v1.Receipt');
      expect(letters[1]?.reason).toContain('currency');
      expect(JSON.stringify(letters.map(({ key, value }) => [key, value]))).not.toContain(card);
    });

    it('publishes every event as proto/ says, to the last field', async () => {
      const bus = house.openBus();
      const [names, group] = [Object.keys(eventsOfTopic), 'e2e-proto'];
      const read: Message[] = [];
      const ends = await bus.ends(names);
      await bus.subscribe({
        topics: names,
        group,
        handler: async (batch) => {
          read.push(...batch);
          return batch.map(() => ({ kind: 'done' }));
        },
      });
      await eventually('all is read', async () =>
        (await bus.passed(group, ends)) ? true : undefined,
      );
      await bus.close();
      const types = new Set<string>();
      for (const { topic: from, value } of read) {
        fromJsonString(eventsV1.EventSchema, value);
        const { type, data } = JSON.parse(value) as RelayedEvent;
        const message = eventsOfTopic[from]?.messages.find(({ name }) => name === type);
        if (message === undefined) throw new Error(`proto/ does not know ${type} of ${from}`);
        fromJsonString(message, JSON.stringify(data));
        types.add(type);
      }
      for (const type of ['AccountOpened', 'PointsEarned', 'AdjustmentApplied', 'CaptureRequested'])
        expect(types).toContain(type);
    });
  });
};
