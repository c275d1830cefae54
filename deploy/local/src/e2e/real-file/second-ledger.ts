import type { Balance } from './reckoning.js';

/**
 * A member's points, counted a second time: lists and loops over whole numbers, by the words of the design and by none of our code. Times are
 * those of a clock in London, `2011-03-27 00:00:00`, and are compared as text.
 */

/** Points of one rule of one sale. */
export interface Lot {
  readonly rule: string;
  left: bigint;
  /** From then on it can be spent. */
  readonly from: string;
  /** From then on it cannot be spent any more; null: not told by the lot. */
  readonly until: string | null;
}

/** A sold line, and what of it has come back. */
export interface SoldLine {
  readonly product: string;
  readonly quantity: bigint;
  /** By lot of the sale. */
  readonly points: readonly bigint[];
  readonly pence: bigint;
  returned: bigint;
  pointsBack: bigint[];
  penceBack: bigint;
}

export interface Sale {
  readonly time: string;
  readonly lots: readonly Lot[];
  readonly lines: readonly SoldLine[];
}

export interface Card {
  /** In the order in which they came. */
  readonly sales: Sale[];
  readonly lots: Lot[];
  owed: bigint;
  /** The latest time at which it earned or spent. */
  lastActive: string;
  earned: bigint;
  reversed: bigint;
  redeemed: bigint;
}

export const newCard = (): Card => ({
  ...{ sales: [], lots: [], owed: 0n, lastActive: '' },
  ...{ earned: 0n, reversed: 0n, redeemed: 0n },
});

/** Months after the last activity after which everything lapses; null: lots say it themselves. */
export type Inactivity = number | null;

const lapsed = (card: Card, lot: Lot, at: string, inactivity: Inactivity): boolean => {
  const until =
    inactivity === null ? lot.until : dayAfter(monthsLater(card.lastActive, inactivity));
  return until !== null && at >= until;
};

export const availableOf = (card: Card, at: string, inactivity: Inactivity): Lot[] =>
  card.lots
    .filter((lot) => lot.left > 0n && at >= lot.from && !lapsed(card, lot, at, inactivity))
    // The one that lapses first, then the oldest.
    .sort((a, b) => {
      const [first, second] = [a.until ?? '9999', b.until ?? '9999'];
      if (first !== second) return first < second ? -1 : 1;
      return a.from === b.from ? 0 : a.from < b.from ? -1 : 1;
    });

const pendingOf = (card: Card, at: string): Lot[] =>
  card.lots.filter((lot) => lot.left > 0n && at < lot.from);

export const balanceOf = (card: Card, at: string, inactivity: Inactivity): Balance => {
  let [available, pending] = [0n, 0n];
  for (const { left } of availableOf(card, at, inactivity)) available += left;
  for (const { left } of pendingOf(card, at)) pending += left;
  return {
    available: available.toString(),
    pending: pending.toString(),
    owed: card.owed.toString(),
  };
};

const takeFrom = (lots: readonly Lot[], wanted: bigint): bigint => {
  let open = wanted;
  for (const lot of lots) {
    const points = lot.left < open ? lot.left : open;
    lot.left -= points;
    open -= points;
  }
  return open;
};

/** False: there are not as many. */
export const spend = (card: Card, points: bigint, at: string, inactivity: Inactivity): boolean => {
  const lots = availableOf(card, at, inactivity);
  let there = 0n;
  for (const { left } of lots) there += left;
  if (there < points) return false;
  takeFrom(lots, points);
  card.redeemed += points;
  if (at > card.lastActive) card.lastActive = at;
  return true;
};

/** New lots pay what is owed first. */
export const earn = (card: Card, lots: readonly Lot[], time: string): void => {
  let earned = 0n;
  for (const lot of lots) {
    earned += lot.left;
    const paid = lot.left < card.owed ? lot.left : card.owed;
    lot.left -= paid;
    card.owed -= paid;
    card.lots.push(lot);
  }
  card.earned += earned;
  if (earned > 0n && time > card.lastActive) card.lastActive = time;
};

/** What a return found of one sale: points of its lots. */
export interface Found {
  readonly lot: Lot;
  readonly points: bigint;
}

/** From the sale's own lots, whatever their dates; then of what else there is; what is missing is owed. */
export const takeBack = (
  card: Card,
  found: readonly Found[],
  at: string,
  inactivity: Inactivity,
): bigint => {
  let [points, missing] = [0n, 0n];
  for (const { lot, points: wanted } of found) {
    points += wanted;
    missing += takeFrom([lot], wanted);
  }
  missing = takeFrom(availableOf(card, at, inactivity), missing);
  card.owed += takeFrom(pendingOf(card, at), missing);
  card.reversed += points;
  return points;
};

/** How much of a line has come back once so much more has. Rounded down in all, so that it never comes to more than was given. */
export const returnOf = ({ lots }: Sale, line: SoldLine, quantity: bigint): Found[] => {
  line.returned += quantity;
  const part = (whole: bigint): bigint => (whole * line.returned) / line.quantity;
  line.penceBack = part(line.pence);
  const found: Found[] = [];
  line.points.forEach((points, index) => {
    const lot = lots[index];
    if (lot === undefined) throw new Error('points of no lot');
    const before = line.pointsBack[index] ?? 0n;
    line.pointsBack[index] = part(points);
    found.push({ lot, points: part(points) - before });
  });
  return found;
};

/** What was spent on days of a card, in pence, less what came back of it. */
export const spentBetween = ({ sales }: Card, firstDay: string, lastDay: string): bigint => {
  let pence = 0n;
  for (const { time, lines } of sales)
    if (time.slice(0, 10) >= firstDay && time.slice(0, 10) <= lastDay)
      for (const line of lines) pence += line.pence - line.penceBack;
  return pence;
};

/** What rules have given on days of a card, less what came back of it. */
export const givenBetween = (
  { sales }: Card,
  rule: string,
  firstDay: string,
  lastDay: string,
): bigint => {
  let points = 0n;
  for (const { time, lots, lines } of sales)
    if (time.slice(0, 10) >= firstDay && time.slice(0, 10) <= lastDay)
      lots.forEach((lot, index) => {
        if (lot.rule !== rule) return;
        for (const line of lines)
          points += (line.points[index] ?? 0n) - (line.pointsBack[index] ?? 0n);
      });
  return points;
};

const lastOfMonth = (year: number, month: number): number =>
  [31, year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28, 31, 30, 31, 30]
    .concat([31, 31, 30, 31, 30, 31])
    .at(month - 1) ?? 0;

const numbersOf = (time: string): [number, number, number] => [
  Number(time.slice(0, 4)),
  Number(time.slice(5, 7)),
  Number(time.slice(8, 10)),
];
const written = (year: number, month: number, day: number): string =>
  [year, month, day].map((part) => part.toString().padStart(2, '0')).join('-');

/** The same day so many months later, or the last of a shorter month. */
export const monthsLater = (time: string, months: number): string => {
  const [firstYear, firstMonth, day] = numbersOf(time);
  let [year, month] = [firstYear, firstMonth];
  for (let done = 0; done < months; done += 1) {
    month += 1;
    if (month > 12) [year, month] = [year + 1, 1];
  }
  return written(year, month, Math.min(day, lastOfMonth(year, month)));
};

/** The beginning of the next day. */
export const dayAfter = (day: string): string => {
  let [year, month, of] = numbersOf(day);
  of += 1;
  if (of > lastOfMonth(year, month)) [month, of] = [month + 1, 1];
  if (month > 12) [year, month] = [year + 1, 1];
  return `${written(year, month, of)} 00:00:00`;
};

export const daysLater = (time: string, days: number): string => {
  let day = time.slice(0, 10);
  for (let done = 0; done < days; done += 1) day = dayAfter(day).slice(0, 10);
  return `${day} 00:00:00`;
};

/** The beginning of the month after the one in which a day lies, and of the year after. */
export const nextMonth = (day: string): string => {
  const [year, month] = numbersOf(day);
  return `${month === 12 ? written(year + 1, 1, 1) : written(year, month + 1, 1)} 00:00:00`;
};
export const nextYear = (day: string): string => `${written(numbersOf(day)[0] + 1, 1, 1)} 00:00:00`;
