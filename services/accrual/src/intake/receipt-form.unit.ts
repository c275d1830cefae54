import { describe, expect, it } from '@jest/globals';
import { receiptV1 } from '@tallystick/contracts';
import { cardToken } from '@tallystick/kernel';
import { toReceiptFact } from './receipt-form.js';

const tokenOf = () => cardToken('token');
const sent = (rest: object = {}, line: object = {}) => ({
  program: 'club',
  chain: 'c',
  store: 's',
  till: 't',
  number: '1',
  businessDate: '2026-05-05',
  occurredAt: '2026-05-05T12:00:00+01:00',
  currency: 'GBP',
  card: ' 4711 ',
  lines: [{ ordinal: 1, product: 'tea', quantity: '2', unitPrice: '1.255', ...line }],
  ...rest,
});
const read = (rest?: object, line?: object) =>
  toReceiptFact(receiptV1.parse(sent(rest, line)), tokenOf);
const faultOf = (rest?: object, line?: object) => {
  const fact = read(rest, line);
  return fact.ok ? null : fact.error.field;
};

describe('a receipt as the till sends it', () => {
  it('becomes a fact: its card a token, its amounts exact, its time in UTC', () => {
    const fact = read(
      { tenders: [{ kind: 'points', amount: '1.00' }] },
      {
        discounts: [{ amount: '0.01' }],
      },
    );
    expect(fact).toMatchObject({
      value: {
        card: 'token',
        occurredAt: '2026-05-05T11:00:00.000Z',
        paidWithPoints: '1',
        lines: [{ amount: '2.5', quantity: '2' }],
      },
    });
    expect(JSON.stringify(fact)).not.toContain('4711');
  });

  it('has one hash for one content, whatever way it is written', () => {
    const [a, b] = [read({}, { quantity: '2.0' }), read({ occurredAt: '2026-05-05T11:00:00Z' })];
    expect(a.ok && b.ok && a.value.hash === b.value.hash).toBe(true);
    const other = read({}, { quantity: '3' });
    expect(a.ok && other.ok && a.value.hash === other.value.hash).toBe(false);
  });

  it.each([
    ['lines.0.amount', {}, { unitPrice: undefined }],
    ['lines.0.amount', {}, { amount: '-1' }],
    ['lines.0.amount', {}, { quantity: '-1', amount: '1' }],
    ['lines', {}, { amount: '1000000000001' }],
    ['lines.0.amount', {}, { quantity: '1.0000000000000001', unitPrice: '1.0000000000000001' }],
    [
      'tenders',
      {
        tenders: ['1000000000000000000', '0.0000000000000001'].map((amount) => ({
          ...{ kind: 'points', amount },
        })),
      },
      {},
    ],
    ['number', { store: '店'.repeat(100) }, {}],
  ])('is refused at %s', (field, rest, line) => {
    expect(faultOf(rest, line)).toBe(field);
  });

  it('is refused when a line stands twice', () => {
    const { lines } = sent();
    expect(faultOf({ lines: [...lines, ...lines] })).toBe('lines.1.ordinal');
  });

  it.each([
    ['number', { number: 'x\u0000' }],
    ['chain', { chain: '\ud800' }],
    ['store', { store: 'a\nb' }],
    ['occurredAt', { occurredAt: '2026-05-05T12:00:00' }],
    ['businessDate', { businessDate: '2026-02-30' }],
    ['businessDate', { businessDate: '0000-01-01' }],
    ['occurredAt', { occurredAt: '9999-12-31T23:59:59-14:00' }],
  ])('is not one with a %s that cannot be', (field, rest) => {
    const checked = receiptV1.safeParse(sent(rest));
    expect(checked.error?.issues.map(({ path }) => path.join('.'))).toEqual([field]);
  });
});
