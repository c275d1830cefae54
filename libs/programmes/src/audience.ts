import type { Condition, ConditionType, ConditionValue, Environment } from '@tallystick/conditions';
import { Exact, addDays, localDate } from '@tallystick/kernel';
import { less, more, otherwise, type Effect } from './effects.js';

/** Whom conditions are about, in words. */

export const everybody = 'all members';

/** Who gets something that has these conditions. */
export const audienceOf = (when: Condition | null, lines: Condition | null): string => {
  if (lines === null) return when === null ? everybody : whoAre(when);
  const bought = boughtIn(lines);
  return when === null ? `those who buy ${bought}` : `${whoAre(when)}, for ${bought}`;
};

const or = (values: readonly string[]): string => values.join(' or ');
const weekdays = 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split(' ');

/** What may be said of a name that has one of some values. */
const sayings: Readonly<Record<string, (values: readonly string[]) => string>> = {
  'member.tier': (tiers) =>
    `members on level ${or(tiers.map((tier) => (tier === '' ? 'none' : tier)))}`,
  'receipt.channel': (channels) => `those who buy by ${or(channels)}`,
  'receipt.chain': (chains) => `those who buy at ${or(chains)}`,
  'receipt.store': (stores) => `those who buy in store ${or(stores)}`,
  'receipt.weekday': (days) =>
    `those who buy on a ${or(days.map((day) => weekdays[Number(day) - 1] ?? day))}`,
  'line.category': (categories) => `category ${or(categories)}`,
  'line.brand': (brands) => `brand ${or(brands)}`,
  'line.product': (products) => `product ${or(products)}`,
};

const flags: Readonly<Record<string, string>> = {
  'member.firstPurchase': 'members with their first purchase',
  'member.inBirthdayWindow': 'members around their birthday',
};

const whoAre = (condition: Condition): string =>
  flags[condition.text] ??
  listed(condition) ??
  (condition.names.every((name) => name.startsWith('member.'))
    ? `members where ${condition.text}`
    : `those who buy where ${condition.text}`);

const boughtIn = (condition: Condition): string =>
  (condition.names.every(isOfLine) ? listed(condition) : null) ?? `lines where ${condition.text}`;

const isOfLine = (name: string): boolean => name.startsWith('line.');

/** A condition that only lists the values of one name. */
const listed = ({ names, narrowing, holds }: Condition): string | null => {
  const [name, ...others] = names;
  if (name === undefined || others.length > 0) return null;
  const say = sayings[name];
  const values = [...(narrowing.get(name) ?? [])];
  if (say === undefined || values.length === 0) return null;
  return values.every((value) => holds({ [name]: asValue(name, value) })) ? say(values) : null;
};

const asValue = (name: string, text: string): ConditionValue =>
  name === 'receipt.weekday' ? BigInt(text) : text;

/** What becomes of those whom a condition is about, when another one takes its place; null: it is about everybody. `of`: what it is asked of. */
export const audienceEffects = (
  before: Condition | null,
  after: Condition | null,
  of: 'receipts' | 'lines',
  types: Environment,
): Effect[] => {
  if (before?.text === after?.text) return [];
  const apart = difference(before, after, types);
  if (apart === null) return [otherwise(everybody, 'for whom it is has changed')];
  return [
    ...(apart.lost.length === 0
      ? []
      : [less(said(apart.lost, before, after, apart.is, of), 'nothing of it any more')]),
    ...(apart.gained.length === 0
      ? []
      : [more(said(apart.gained, after, before, apart.was, of), 'they did not get it before')]),
  ];
};

/** Of the cases that were tried: those for whom only one of two conditions holds, and those for whom each does. */
interface Difference {
  readonly lost: readonly Bound[];
  readonly gained: readonly Bound[];
  readonly was: readonly Bound[];
  readonly is: readonly Bound[];
}

const casesMax = 20_000;

/** Tries both conditions with the values that they name, and with those around them; null: these are too many, or nobody can say. */
const difference = (
  before: Condition | null,
  after: Condition | null,
  types: Environment,
): Difference | null => {
  const conditions = [before, after].filter((one) => one !== null);
  const names = [...new Set(conditions.flatMap((one) => one.names))];
  const text = conditions.map((one) => one.text).join(' && ');
  const values = names.map((name) => candidates(name, types[name], text));
  const cases = values.reduce((count, list) => count * list.length, 1);
  if (cases === 0 || cases > casesMax || worksOut(text)) return null;
  const was: Bound[] = [];
  const is: Bound[] = [];
  for (const bound of casesOf(names, values)) {
    if (before?.holds(bound) ?? true) was.push(bound);
    if (after?.holds(bound) ?? true) is.push(bound);
  }
  if (was.length === 0 && is.length === 0) return null;
  return {
    lost: was.filter((bound) => after?.holds(bound) === false),
    gained: is.filter((bound) => before?.holds(bound) === false),
    ...{ was, is },
  };
};

type Bound = Readonly<Record<string, ConditionValue>>;

function* casesOf(
  [name, ...names]: readonly string[],
  [own = [], ...others]: readonly (readonly ConditionValue[])[],
): Generator<Bound> {
  if (name === undefined) yield {};
  else
    for (const rest of casesOf(names, others))
      for (const value of own) yield { ...rest, [name]: value };
}

/** Those for whom one condition holds, and another does not. */
const said = (
  cases: readonly Bound[],
  holds: Condition | null,
  fails: Condition | null,
  others: readonly Bound[],
  of: 'receipts' | 'lines',
): string => {
  const buying = (what: string): string => (of === 'lines' ? `those who buy ${what}` : what);
  const listing = valuesIn(cases, others);
  if (listing !== null && Object.keys(cases[0] ?? {}).length === 1) return listing;
  if (listing !== null && holds !== null) return `${listing}, where ${holds.text}`;
  const words = of === 'lines' ? boughtIn : whoAre;
  if (holds === null) {
    const rest = fails === null ? '' : words(fails);
    return of === 'lines' ? `those who buy anything but ${rest}` : `all but ${rest}`;
  }
  const who = buying(words(holds));
  return fails === null ? who : `${who}, but not where ${beyond(holds.text, fails.text)}`;
};

/** What a narrower condition asks beyond another. */
const beyond = (text: string, narrower: string): string => {
  if (narrower.startsWith(`${text} && `)) return narrower.slice(`${text} && `.length);
  return narrower.endsWith(` && ${text}`) ? narrower.slice(0, -` && ${text}`.length) : narrower;
};

/** The values, where they can be listed, of a name that has no such value in any of the others. */
const valuesIn = (cases: readonly Bound[], others: readonly Bound[]): string | null => {
  for (const name of Object.keys(cases[0] ?? {})) {
    const say = sayings[name];
    const all = [...new Set(cases.map((one) => String(one[name])))];
    const told = name === 'member.tier' ? all : all.filter((value) => value !== '');
    if (say === undefined || told.length === 0 || told.includes(elsewhere)) continue;
    if (others.some((one) => all.includes(String(one[name])))) continue;
    return isOfLine(name) ? `those who buy ${say(told)}` : say(told);
  }
  return null;
};

/** A text that no condition names. */
const elsewhere = '\u0000';

const quoted = /(?<kind>decimal\(\s*|date\(\s*|)(?<quote>["'])(?<literal>.*?)\k<quote>/gu;

const literals = (text: string, kind: 'decimal' | 'date' | 'text'): string[] => [
  ...new Set(
    [...text.matchAll(quoted)].flatMap(({ groups = {} }) =>
      (groups['kind'] === '' ? 'text' : groups['kind']?.replace(/\(\s*$/u, '')) === kind
        ? [groups['literal'] ?? '']
        : [],
    ),
  ),
];

/** What is worked out from values tells others apart than those that are written there. */
const worksOut = (text: string): boolean =>
  text.includes('\\') || /[+*/%-]|size\s*\(/u.test(text.replaceAll(quoted, ''));

/** Between which whole numbers a name always lies. */
const always: Readonly<Record<string, readonly [least: bigint, most: bigint]>> = {
  'receipt.weekday': [1n, 7n],
  'receipt.hour': [0n, 23n],
  'receipt.month': [1n, 12n],
  'receipt.monthday': [1n, 31n],
};

/** Of so many texts every choice is tried. */
const choicesMax = 6;
/** Conditions compare amounts to a millionth. */
const step = Exact.ratio(1n, 1_000_000n);

/** What a name may be worth for conditions to tell it apart; none: nobody can say. */
const candidates = (
  name: string,
  type: ConditionType | undefined,
  text: string,
): readonly ConditionValue[] => {
  const texts = literals(text, 'text');
  switch (type) {
    case 'bool':
      return [false, true];
    case 'string':
      return [...new Set(['', ...texts, elsewhere])];
    case 'strings':
      return texts.length > choicesMax ? [] : choicesOf(texts);
    case 'int': {
      const numbers = text.replaceAll(quoted, '').match(/(?<![\w.])\d{1,15}(?![\w.])/gu) ?? [];
      const near = numbers.map(BigInt).flatMap((one) => [one - 1n, one, one + 1n]);
      const [least, most] = always[name] ?? [0n, 10n ** 15n];
      return [...new Set([...near, least])].filter((value) => value >= least && value <= most);
    }
    case 'decimal':
      return literals(text, 'decimal').flatMap((one) => {
        const value = Exact.exact(one);
        return [Exact.subtract(value, step), value, Exact.add(value, step)].map(Exact.toDecimal);
      });
    case 'date':
      return literals(text, 'date').flatMap((one) => {
        const day = localDate(one);
        return [addDays(day, -1), day, addDays(day, 1)];
      });
    case undefined:
      return [];
  }
};

const choicesOf = ([first, ...rest]: readonly string[]): readonly (readonly string[])[] => {
  if (first === undefined) return [[]];
  const others = choicesOf(rest);
  return [...others, ...others.map((choice) => [first, ...choice])];
};
