import type { Bindings, ConditionValue, Environment } from '@tallystick/conditions';
import { Exact, dayAt, hourAt, timeZone, weekdayOf, type LocalDate } from '@tallystick/kernel';
import type { PartnerFact, ReceiptFact, ReceiptLine } from '../facts.js';
import { isSale } from '../facts.js';
import type { AttributeType, Rulebook } from '../rulebook.js';

const moment = (of: 'receipt' | 'event'): Environment => ({
  [`${of}.day`]: 'date',
  [`${of}.month`]: 'int',
  [`${of}.monthday`]: 'int',
  [`${of}.weekday`]: 'int',
  [`${of}.hour`]: 'int',
});

const receiptNames: Environment = {
  'receipt.total': 'decimal',
  'receipt.net': 'decimal',
  'receipt.lines': 'int',
  'receipt.chain': 'string',
  'receipt.store': 'string',
  'receipt.till': 'string',
  'receipt.channel': 'string',
  'receipt.payments': 'strings',
  'receipt.products': 'strings',
  'receipt.categories': 'strings',
  'receipt.brands': 'strings',
  ...moment('receipt'),
};
const lineNames: Environment = {
  'line.product': 'string',
  'line.category': 'string',
  'line.brand': 'string',
  'line.quantity': 'decimal',
  'line.amount': 'decimal',
};
const eventNames: Environment = {
  'event.partner': 'string',
  'event.type': 'string',
  'event.amount': 'decimal',
  ...moment('event'),
};
const memberNames: Environment = {
  'member.tier': 'string',
  'member.firstPurchase': 'bool',
  'member.inBirthdayWindow': 'bool',
  'member.segments': 'strings',
};

const attributeNames = (attributes: Readonly<Record<string, AttributeType>> = {}): Environment =>
  Object.fromEntries(Object.entries(attributes).map(([name, type]) => [`member.${name}`, type]));

/** What a condition of a rulebook may name, by where it stands. */
export const environments = (
  book: Pick<Rulebook, 'attributes'>,
): Readonly<Record<'receipt' | 'line' | 'event', Environment>> => {
  const member = { ...attributeNames(book.attributes), ...memberNames };
  const receipt = { ...receiptNames, ...member };
  return { receipt, line: { ...receipt, ...lineNames }, event: { ...eventNames, ...member } };
};

/** What is said of a member at the moment of a fact; an attribute that nobody has told is false, empty or 0. */
export interface MemberView {
  readonly tier: string | null;
  readonly firstPurchase: boolean;
  readonly attributes: Readonly<Record<string, ConditionValue>>;
}

const noValue = { bool: false, int: 0n, string: '', strings: [] } as const;

const bindMember = (book: Pick<Rulebook, 'attributes'>, member: MemberView): Bindings => {
  const told = (name: string, type: AttributeType): ConditionValue =>
    member.attributes[name] ?? noValue[type];
  return {
    ...Object.fromEntries(
      Object.entries(book.attributes ?? {}).map(([name, type]) => [
        `member.${name}`,
        told(name, type),
      ]),
    ),
    'member.tier': member.tier ?? '',
    'member.firstPurchase': member.firstPurchase,
    'member.inBirthdayWindow': told('inBirthdayWindow', 'bool'),
    'member.segments': told('segments', 'strings'),
  };
};

const bindMoment = (of: 'receipt' | 'event', day: LocalDate, hour: number): Bindings => ({
  [`${of}.day`]: day,
  [`${of}.month`]: BigInt(day.slice(-5, -3)),
  [`${of}.monthday`]: BigInt(day.slice(-2)),
  [`${of}.weekday`]: BigInt(weekdayOf(day)),
  [`${of}.hour`]: BigInt(hour),
});

export const bindReceipt = (
  book: Rulebook,
  fact: ReceiptFact,
  net: Exact.Exact,
  member: MemberView,
): Bindings => {
  const zone = timeZone(book.timeZone);
  const sold = fact.lines.filter(isSale);
  const each = (of: (line: ReceiptLine) => string | null): string[] => [
    ...new Set(sold.map(of).filter((value) => value !== null)),
  ];
  return {
    'receipt.total': Exact.toDecimal(Exact.sum(sold.map(({ amount }) => Exact.exact(amount)))),
    'receipt.net': decimalOf(net),
    'receipt.lines': BigInt(sold.length),
    'receipt.chain': fact.ref.chain,
    'receipt.store': fact.ref.store,
    'receipt.till': fact.ref.till,
    'receipt.channel': fact.channel ?? '',
    'receipt.payments': fact.payments ?? [],
    'receipt.products': each(({ product }) => product),
    'receipt.categories': each(({ category }) => category),
    'receipt.brands': each(({ brand }) => brand),
    ...bindMoment('receipt', dayAt(fact.occurredAt, zone), hourAt(fact.occurredAt, zone)),
    ...bindMember(book, member),
  };
};

export const bindLine = (receipt: Bindings, line: ReceiptLine): Bindings => ({
  ...receipt,
  'line.product': line.product,
  'line.category': line.category ?? '',
  'line.brand': line.brand ?? '',
  'line.quantity': line.quantity,
  'line.amount': line.amount,
});

export const bindEvent = (book: Rulebook, fact: PartnerFact, member: MemberView): Bindings => {
  const zone = timeZone(book.timeZone);
  return {
    'event.partner': fact.partner,
    'event.type': fact.type,
    'event.amount': fact.amount ?? '0',
    ...bindMoment('event', dayAt(fact.occurredAt, zone), hourAt(fact.occurredAt, zone)),
    ...bindMember(book, member),
  };
};

/** A share of money need not be a decimal (a third of a pound): conditions compare it to a millionth. */
const decimalOf = (value: Exact.Exact): string => {
  const millionths = Exact.round(Exact.multiply(value, Exact.exact(1_000_000)), 'half-even');
  return Exact.toDecimal(Exact.ratio(millionths, 1_000_000n));
};
