import { dayToInt, distance, type Condition, type Range } from '@tallystick/conditions';
import { dayAt, instant, timeZone } from '@tallystick/kernel';
import type { Rulebook } from '@tallystick/rulebook';

/** Between which values some names always lie. */
const always: Readonly<Record<string, readonly [least: bigint, most: bigint, said: string]>> = {
  'receipt.weekday': [1n, 7n, '1 (Monday) to 7 (Sunday)'],
  'receipt.hour': [0n, 23n, '0 to 23'],
  'receipt.month': [1n, 12n, '1 to 12'],
  'receipt.monthday': [1n, 31n, '1 to 31'],
};

/** Why a condition never holds, or can hardly be meant; null: nothing speaks against it. */
export const doubtAbout = (condition: Condition, book: Rulebook): string | null =>
  contradiction(condition) ??
  outOfBounds(condition) ??
  noneSuch(condition) ??
  noSuchDay(condition) ??
  over(condition, book) ??
  unknownLevel(condition, book) ??
  excluded(condition, book);

const contradiction = ({ narrowing, ranges }: Condition): string | null => {
  for (const [name, values] of narrowing)
    if (values.size === 0) return `never holds: it contradicts itself about ${name}`;
  for (const [name, { least, most }] of ranges)
    if (least !== null && most !== null && least > most)
      return `never holds: ${name} cannot be both as high and as low; are the two turned round?`;
  return null;
};

const outOfBounds = ({ narrowing, ranges }: Condition): string | null => {
  for (const [name, [least, most, said]] of Object.entries(always)) {
    const range: Range = ranges.get(name) ?? { least: null, most: null };
    const values = [...(narrowing.get(name) ?? [])].map(BigInt);
    const beyond =
      (range.least ?? least) > most ||
      (range.most ?? most) < least ||
      (values.length > 0 && values.every((value) => value < least || value > most));
    if (beyond) return `never holds: ${name} is ${said}`;
  }
  return null;
};

/** One value of several that none is: the others still hold. */
const noneSuch = ({ compared }: Condition): string | null => {
  for (const [name, [least, most, said]] of Object.entries(always)) {
    const none = [...(compared.get(name) ?? [])].filter((text) => {
      const value = BigInt(text);
      return value < least || value > most;
    });
    if (none.length > 0)
      return `${name} is never ${none.join(' or ')}: it is ${said}; leave that out`;
  }
  return null;
};

const longest = [31n, 29n, 31n, 30n, 31n, 30n, 31n, 31n, 30n, 31n, 30n, 31n];

/** A day that none of its months has, such as 31 February. */
const noSuchDay = (condition: Condition): string | null => {
  const [first] = valuesOf(condition, 'receipt.monthday');
  const months = valuesOf(condition, 'receipt.month');
  const last = longest.filter((_, index) => months.includes(BigInt(index + 1)));
  return first === undefined || last.length === 0 || last.some((days) => days >= first)
    ? null
    : `never holds: no such month has a day ${first}`;
};

/** With which values of a name a condition can hold, ascending. */
const valuesOf = (
  { narrowing, ranges }: Condition,
  name: 'receipt.month' | 'receipt.monthday',
): bigint[] => {
  const pinned = narrowing.get(name);
  const range = ranges.get(name);
  const most = name === 'receipt.month' ? 12 : 31;
  return Array.from({ length: most }, (_, index) => BigInt(index + 1)).filter(
    (value) =>
      (pinned?.has(String(value)) ?? true) &&
      value >= (range?.least ?? value) &&
      value <= (range?.most ?? value),
  );
};

/** What ends before the version begins: last year's campaign, copied. */
const over = (
  { ranges }: Condition,
  { effectiveFrom, timeZone: zone }: Rulebook,
): string | null => {
  const last = ranges.get('receipt.day')?.most ?? null;
  const first = dayAt(instant(effectiveFrom), timeZone(zone));
  const begins = dayToInt(first);
  return last !== null && begins !== null && last < begins
    ? `is over before this version comes into force (${first})`
    : null;
};

const unknownLevel = ({ narrowing, compared }: Condition, { tiers }: Rulebook): string | null => {
  const levels = (tiers?.levels ?? []).map(({ id }) => id);
  // Without a ladder a member's level is the empty text.
  const isNone = (tier: string): boolean => tier !== '' && !levels.includes(tier);
  const wanted = [...(narrowing.get('member.tier') ?? [])];
  const missing = [...(compared.get('member.tier') ?? [])].filter(isNone);
  if (missing.length === 0) return null;
  const never = wanted.length > 0 && wanted.every(isNone) ? 'never holds: ' : '';
  const nearest = missing.length === 1 ? nearestOf(missing[0] ?? '', levels) : null;
  const meant = nearest === null ? '' : `: did you mean ${nearest}?`;
  return `${never}there is no level ${missing.join(' or ')}${meant}`;
};

/** A name that differs by a slip of the pen, or says more; null: none does. */
export const nearestOf = (name: string, known: readonly string[]): string | null => {
  const longer = known.filter((other) => name.length > 3 && other.includes(name));
  if (longer.length === 1) return longer[0] ?? null;
  let nearest: string | null = null;
  let least = Math.min(3, Math.ceil(name.length / 3)) + 1;
  for (const other of known) {
    const far = distance(name.toLowerCase(), other.toLowerCase());
    if (far < least) [nearest, least] = [other, far];
  }
  return nearest;
};

const excluded = ({ narrowing }: Condition, { exclusions }: Rulebook): string | null => {
  for (const [name, left] of [
    ['line.category', exclusions.categories],
    ['line.product', exclusions.products],
    ['line.brand', exclusions.brands],
  ] as const) {
    const wanted = [...(narrowing.get(name) ?? [])];
    if (wanted.length > 0 && wanted.every((value) => left.includes(value)))
      return `is about no line: exclusions leave out ${wanted.join(', ')}`;
  }
  return null;
};
