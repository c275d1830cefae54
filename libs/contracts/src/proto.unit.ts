import { readdirSync, readFileSync } from 'node:fs';
import { fromJson, toJson, type DescMessage, type JsonValue } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isProtobuf, receiptV1OfProtobuf, receiptV1ToProtobuf } from './receipt-v1-protobuf.js';
import { receiptV1, type ReceiptV1Input } from './receipt-v1.js';
import { eventsOfTopic, eventsV1, partnersV1, receiptsV1 } from './proto.js';

const files = [
  ...Object.values(eventsOfTopic),
  partnersV1.file_tallystick_partners_v1_partner_events,
  receiptsV1.file_tallystick_receipts_v1_receipts,
];
const messages = new Map(files.flatMap((file) => file.messages.map((one) => [one.typeName, one])));
const notEvents = ['tallystick.receipts.v1.Receipt', 'tallystick.partners.v1.EarnEvent'];

const folder = new URL('../../../docs/examples/', import.meta.url);
const examples = readdirSync(folder).map((name) => ({
  name: name.replace(/\.json$/, ''),
  example: JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as {
    type: string;
    data: JsonValue;
  },
}));

const messageNamed = (name: string): DescMessage => {
  const message = messages.get(name);
  if (message === undefined) throw new Error(`proto/ has no message ${name}`);
  return message;
};

describe('the examples', () => {
  it('show what crosses the border in each context', () => {
    expect(new Set(examples.map(({ name }) => name.split('.')[1]))).toEqual(
      new Set(['corrections', 'ledger', 'members', 'partners', 'programs', 'receipts', 'rewards']),
    );
  });

  it.each(examples)('$name is as proto/ says, to the last field', ({ name, example }) => {
    const message = messageNamed(name);
    if (notEvents.includes(name)) {
      fromJson(message, example);
      return;
    }
    fromJson(eventsV1.EventSchema, example);
    expect(name.endsWith(`.${example.type}`)).toBe(true);
    fromJson(message, example.data);
  });

  it('have a receipt that is taken as it stands', () => {
    const receipt = examples.find(({ name }) => name === 'tallystick.receipts.v1.Receipt');
    expect(receiptV1.parse(receipt?.example)).toBeDefined();
    expect(
      toJson(
        receiptsV1.ReceiptSchema,
        fromJson(receiptsV1.ReceiptSchema, receipt?.example ?? null),
      ),
    ).toEqual(receipt?.example);
  });
});

const text = fc.string({
  minLength: 1,
  maxLength: 20,
  unit: fc.constantFrom('a', 'Z', '0', '9', '-', 'é', 'ж', '鍵', ' '),
});
const decimal = fc.integer({ min: -99_999, max: 99_999 }).map((cents) => (cents / 100).toFixed(2));
const ref = {
  chain: text,
  store: text,
  till: text,
  number: text,
  businessDate: fc.constant('2026-05-04'),
};
const optional = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(of, { nil: undefined });
const ordinal = fc.integer({ min: 1, max: 10_000 });
const receipt: fc.Arbitrary<ReceiptV1Input> = fc.record({
  program: text,
  ...ref,
  revision: optional(fc.integer({ min: 1, max: 1000 })),
  occurredAt: fc.constant('2026-05-04T10:00:00+01:00'),
  currency: fc.constant('GBP'),
  channel: optional(text),
  card: fc.option(text),
  lines: fc.array(
    fc.record({
      ordinal,
      product: text,
      description: optional(text),
      category: optional(text),
      brand: optional(text),
      quantity: decimal,
      unitPrice: optional(decimal),
      discounts: optional(
        fc.array(fc.record({ amount: decimal, reason: optional(text) }), {
          minLength: 1,
          maxLength: 3,
        }),
      ),
      amount: optional(decimal),
      vatRate: optional(decimal),
      original: optional(fc.record({ ...ref, ordinal: optional(ordinal) })),
    }),
    { minLength: 1, maxLength: 5 },
  ),
  tenders: optional(
    fc.array(fc.record({ kind: text, amount: decimal }), { minLength: 1, maxLength: 3 }),
  ),
});

describe('a receipt in protobuf', () => {
  it('says the same as in JSON', () => {
    fc.assert(
      fc.property(receipt, (sent) => {
        const [ofProtobuf, ofJson] = [receiptV1OfProtobuf(receiptV1ToProtobuf(sent)), sent].map(
          (one) => receiptV1.parse(JSON.parse(JSON.stringify(one))),
        );
        // No card is no card, said or not.
        expect({ ...ofProtobuf, card: ofProtobuf?.card ?? null }).toEqual({
          ...ofJson,
          card: ofJson?.card ?? null,
        });
      }),
    );
  });

  it('is not what other bytes are', () => {
    expect(() => receiptV1OfProtobuf(Buffer.from([0xff, 0xff, 0xff]))).toThrow();
    expect(receiptV1.safeParse(receiptV1OfProtobuf(Buffer.alloc(0))).success).toBe(false);
  });

  it.each([
    ['application/protobuf', true],
    ['application/x-protobuf; messageType="tallystick.receipts.v1.Receipt"', true],
    ['application/json', false],
    [undefined, false],
  ])('is told by its content type: %s', (type, is) => expect(isProtobuf(type)).toBe(is));
});
