import type { Bindings, ConditionValue, Environment, Reader, Seen } from '@tallystick/conditions';
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
interface Moment {
  readonly book: Pick<Rulebook, 'attributes'>;
  readonly day: LocalDate;
  readonly hour: number;
  readonly member: MemberView;
}

/** A receipt as conditions look at it. */
export interface ReceiptView extends Moment {
  readonly fact: ReceiptFact;
  readonly sold: readonly ReceiptLine[];
  /** What its sold lines come to, and what counts of that: exact decimals, the second to a millionth. */
  readonly total: () => string;
  readonly net: () => string;
}

type Values<Of extends Moment> = Readonly<Record<string, (of: Of) => Seen>>;

const momentValues = (of: 'receipt' | 'event'): Values<Moment> => ({
  [`${of}.day`]: ({ day }) => day,
  [`${of}.month`]: ({ day }) => Number(day.slice(-5, -3)),
  [`${of}.monthday`]: ({ day }) => Number(day.slice(-2)),
  [`${of}.weekday`]: ({ day }) => weekdayOf(day),
  [`${of}.hour`]: ({ hour }) => hour,
});

const told = ({ member }: Moment, name: string, type: AttributeType): ConditionValue =>
  (Object.hasOwn(member.attributes, name) ? member.attributes[name] : undefined) ?? noValue[type];

const memberValues: Values<Moment> = {
  'member.tier': ({ member }) => member.tier ?? '',
  'member.firstPurchase': ({ member }) => member.firstPurchase,
  'member.inBirthdayWindow': (of) => told(of, 'inBirthdayWindow', 'bool'),
  'member.segments': (of) => told(of, 'segments', 'strings'),
};

const each = (
  { sold }: ReceiptView,
  of: (line: ReceiptLine) => string | null,
): readonly string[] => {
  const values = new Set<string>();
  for (const line of sold) {
    const value = of(line);
    if (value !== null) values.add(value);
  }
  return [...values];
};

const receiptValues: Values<ReceiptView> = {
  'receipt.total': ({ total }) => total(),
  'receipt.net': ({ net }) => net(),
  'receipt.lines': ({ sold }) => sold.length,
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

/** How the value of a name that a condition of a receipt may ask is made. */
export const receiptValue = (name: string): ((of: ReceiptView) => Seen) =>
  (Object.hasOwn(receiptValues, name) ? receiptValues[name] : undefined) ??
  ((of) => attributeOf(of, name));

/** The same of a line's own names; null for another. */
export const lineValue = (name: string): Reader<ReceiptLine> | null =>
  (Object.hasOwn(lineValues, name) ? lineValues[name] : undefined) ?? null;

/** The values of the names that somebody asks: what nobody asks is not worked out. */
export const bindReceipt = (
  book: Rulebook,
  fact: ReceiptFact,
  net: Exact.Exact,
  member: MemberView,
  names: Iterable<string>,
): Bindings => {
  const zone = timeZone(book.timeZone);
  const sold = fact.lines.filter(isSale);
  const of: ReceiptView = {
    ...{ book, member, fact, sold },
    total: () => Exact.toDecimal(Exact.sum(sold.map(({ amount }) => Exact.exact(amount)))),
    net: () => toMillionths(net),
    day: dayAt(fact.occurredAt, zone),
    hour: hourAt(fact.occurredAt, zone),
  };
  const bound: Record<string, ConditionValue> = {};
  for (const name of names) {
    const value = receiptValue(name)(of);
    bound[name] = typeof value === 'number' ? BigInt(value) : value;
  }
  return bound;
};

const attributeOf = (of: Moment, name: string): ConditionValue => {
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
export const toMillionths = (value: Exact.Exact): string => {
  const millionths = Exact.round(Exact.multiply(value, Exact.exact(1_000_000)), 'half-even');
  return Exact.toDecimal(Exact.ratio(millionths, 1_000_000n));
};
