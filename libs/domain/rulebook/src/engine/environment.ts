import type { Bindings, ConditionValue, Environment } from '@tallystick/conditions';
import { Exact, dayAt, hourAt, timeZone, weekdayOf, type LocalDate } from '@tallystick/kernel';
import type { ReceiptFact, ReceiptLine } from '../facts.js';
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

/** What values are made from, of those that are asked. */
interface Seen {
  readonly book: Pick<Rulebook, 'attributes'>;
  readonly day: LocalDate;
  readonly hour: number;
  readonly member: MemberView;
}

interface SeenReceipt extends Seen {
  readonly fact: ReceiptFact;
  readonly sold: readonly ReceiptLine[];
  readonly net: Exact.Exact;
}

type Values<Of extends Seen> = Readonly<Record<string, (of: Of) => ConditionValue>>;

const momentValues = (of: 'receipt' | 'event'): Values<Seen> => ({
  [`${of}.day`]: ({ day }) => day,
  [`${of}.month`]: ({ day }) => BigInt(day.slice(-5, -3)),
  [`${of}.monthday`]: ({ day }) => BigInt(day.slice(-2)),
  [`${of}.weekday`]: ({ day }) => BigInt(weekdayOf(day)),
  [`${of}.hour`]: ({ hour }) => BigInt(hour),
});

const told = ({ member }: Seen, name: string, type: AttributeType): ConditionValue =>
  member.attributes[name] ?? noValue[type];

const memberValues: Values<Seen> = {
  'member.tier': ({ member }) => member.tier ?? '',
  'member.firstPurchase': ({ member }) => member.firstPurchase,
  'member.inBirthdayWindow': (of) => told(of, 'inBirthdayWindow', 'bool'),
  'member.segments': (of) => told(of, 'segments', 'strings'),
};

const each = (
  { sold }: SeenReceipt,
  of: (line: ReceiptLine) => string | null,
): readonly string[] => {
  const values = new Set<string>();
  for (const line of sold) {
    const value = of(line);
    if (value !== null) values.add(value);
  }
  return [...values];
};

const receiptValues: Values<SeenReceipt> = {
  'receipt.total': ({ sold }) =>
    Exact.toDecimal(Exact.sum(sold.map(({ amount }) => Exact.exact(amount)))),
  'receipt.net': ({ net }) => decimalOf(net),
  'receipt.lines': ({ sold }) => BigInt(sold.length),
  'receipt.chain': ({ fact }) => fact.ref.chain,
  'receipt.store': ({ fact }) => fact.ref.store,
  'receipt.till': ({ fact }) => fact.ref.till,
  'receipt.channel': ({ fact }) => fact.channel ?? '',
  'receipt.payments': ({ fact }) => fact.payments ?? [],
  'receipt.products': (of) => each(of, ({ product }) => product),
  'receipt.categories': (of) => each(of, ({ category }) => category),
  'receipt.brands': (of) => each(of, ({ brand }) => brand),
  ...momentValues('receipt'),
  ...memberValues,
};

const lineValues: Readonly<Record<string, (line: ReceiptLine) => ConditionValue>> = {
  'line.product': ({ product }) => product,
  'line.category': ({ category }) => category ?? '',
  'line.brand': ({ brand }) => brand ?? '',
  'line.quantity': ({ quantity }) => quantity,
  'line.amount': ({ amount }) => amount,
};

/** The values of the names that somebody asks: what nobody asks is not worked out. */
export const bindReceipt = (
  book: Rulebook,
  fact: ReceiptFact,
  net: Exact.Exact,
  member: MemberView,
  names: Iterable<string>,
): Bindings => {
  const zone = timeZone(book.timeZone);
  const of: SeenReceipt = {
    ...{ book, member, fact, net, sold: fact.lines.filter(isSale) },
    day: dayAt(fact.occurredAt, zone),
    hour: hourAt(fact.occurredAt, zone),
  };
  const bound: Record<string, ConditionValue> = {};
  for (const name of names) {
    const make = Object.hasOwn(receiptValues, name) ? receiptValues[name] : undefined;
    bound[name] = make === undefined ? attributeOf(of, name) : make(of);
  }
  return bound;
};

const attributeOf = (of: Seen, name: string): ConditionValue => {
  const attribute = name.slice('member.'.length);
  const type = of.book.attributes?.[attribute];
  if (type === undefined) throw new Error(`a checked condition asks ${name}, which nobody knows`);
  return told(of, attribute, type);
};

export const bindLine = (
  receipt: Bindings,
  line: ReceiptLine,
  names: Iterable<string>,
): Bindings => {
  const bound: Record<string, ConditionValue> = {};
  for (const name of names) {
    const value = lineValues[name]?.(line) ?? receipt[name];
    if (value !== undefined) bound[name] = value;
  }
  return bound;
};

/** A share of money need not be a decimal (a third of a pound): conditions compare it to a millionth. */
const decimalOf = (value: Exact.Exact): string => {
  const millionths = Exact.round(Exact.multiply(value, Exact.exact(1_000_000)), 'half-even');
  return Exact.toDecimal(Exact.ratio(millionths, 1_000_000n));
};
