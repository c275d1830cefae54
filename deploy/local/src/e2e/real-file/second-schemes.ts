import { split, sum } from './second-computation.js';
import {
  dayAfter,
  daysLater,
  givenBetween,
  monthsLater,
  nextMonth,
  nextYear,
  spentBetween,
  type Card,
  type Inactivity,
  type Lot,
  type SoldLine,
} from './second-ledger.js';

/** Templates said a second time, each by the words of its page and by none of our code. Money is in thousandths of a penny. */
export interface Scheme {
  /** null: there are no levels. */
  readonly level: (card: Card, day: string) => string | null;
  /** Percent off all goods at the till. `total`: of everything in the basket. */
  readonly percent: (card: Card, day: string, level: string | null, total: bigint) => bigint;
  /** By rule, in the order of the document: what each line gets. `goods`: what counts of each line, in all something. */
  readonly awards: (sold: Sold) => readonly (readonly [rule: string, perLine: readonly bigint[]])[];
  readonly lot: (rule: string, time: string) => Pick<Lot, 'from' | 'until'>;
  readonly inactivity: Inactivity;
  /** Why a receipt with goods gives nothing. */
  readonly whyNothing: string;
}

export interface Sold {
  readonly card: Card;
  readonly time: string;
  readonly level: string | null;
  readonly goods: readonly bigint[];
}

const pound = 100_000n;
const noPercent = (): bigint => 0n;
const noLevel = (): null => null;
const yearOf = (day: string): number => Number(day.slice(0, 4));
const [epoch, firstOfFile, firstOfNewYear] = ['0000-00-00', '2010-01-01', '2011-01-01'];

/** So many points for each pound, rounded down on the receipt, shared by what the lines come to. */
const perPound = (goods: readonly bigint[], times: bigint, over: bigint): bigint[] =>
  split((sum(goods) * times) / (over * pound), goods);

/** The last level whose pounds are reached, by its place. */
const reached = (pence: bigint, pounds: readonly bigint[]): number => {
  let place = 0;
  pounds.forEach((from, index) => {
    if (pence >= from * 100n) place = index;
  });
  return place;
};

/** A point a pound, two from April on. The month is over three months later; then it lapses. */
const bonusCard: Scheme = {
  level: noLevel,
  percent: noPercent,
  awards: ({ goods, time }) => [
    ['base', perPound(goods, time >= '2011-04-01 00:00:00' ? 2n : 1n, 1n)],
  ],
  lot: (_, time) => ({ from: time, until: nextMonth(monthsLater(time, 3)) }),
  inactivity: null,
  whyNothing: 'below-one-point',
};

const ladderLevels = ['member', 'bronze', 'silver', 'gold'];

/** The year's spend before the receipt makes the level; a new year takes one step at most. */
const bronzeSilverGold: Scheme = {
  level: (card, day) => {
    const steps = [0n, 100n, 500n, 1000n];
    if (yearOf(day) === 2010)
      return ladderLevels[reached(spentBetween(card, firstOfFile, day), steps)] ?? null;
    const lastYear = reached(spentBetween(card, firstOfFile, '2010-12-31'), steps);
    const thisYear = reached(spentBetween(card, firstOfNewYear, day), steps);
    return ladderLevels[Math.max(lastYear - 1, thisYear)] ?? null;
  },
  percent: (_card, _day, level) => [0n, 5n, 10n, 15n][ladderLevels.indexOf(level ?? '')] ?? 0n,
  awards: ({ goods, level }) => {
    const base = perPound(goods, 1n, 1n);
    if (level !== 'silver' && level !== 'gold') return [['base', base]];
    return [
      ['base', base],
      ['silver-bonus', split(sum(base) / 2n, base)],
    ];
  },
  // Fourteen days pending; until the end of the year, two years later.
  lot: (_, time) => ({ from: daysLater(time, 14), until: nextYear(monthsLater(time, 24)) }),
  inactivity: null,
  whyNothing: 'below-one-point',
};

/** Whether something that was bought has not come back. */
const isVisit = (lines: readonly SoldLine[]): boolean =>
  lines.some((line) => line.returned < line.quantity);

/** Points of what was bought since the day a year before make the level; twice the points on two days of May, 300 more in a year. */
const likeHm: Scheme = {
  level: (card, day) => (givenBetween(card, 'base', epoch, day) >= 500n ? 'plus' : 'member'),
  percent: (_card, day, level, total) =>
    level === 'plus' && day.endsWith('-15') && total >= 150n * pound ? 10n : 0n,
  awards: ({ card, goods, time }) => {
    const awards: [string, bigint[]][] = [];
    const base = perPound(goods, 1n, 1n);
    awards.push(['base', base]);
    const day = time.slice(0, 10);
    if (day === '2011-05-09' || day === '2011-05-10') {
      const given = givenBetween(card, 'bonus-days', firstOfNewYear, '2011-12-31');
      const room = 300n - given;
      awards.push(['bonus-days', sum(base) <= room ? base : split(room, base)]);
    }
    if (!card.sales.some(({ lines }) => isVisit(lines)))
      awards.push(['welcome', split(30n, goods)]);
    return awards;
  },
  lot: (_, time) => ({ from: time, until: dayAfter(monthsLater(time, 12)) }),
  inactivity: null,
  whyNothing: 'below-one-point',
};

const beautyLevels = ['insider', 'vib', 'rouge'];

/** What a year reaches holds the next year too. Times 1.25 and 1.5. Everything lapses 18 months after the last purchase. */
const likeSephora: Scheme = {
  level: (card, day) => {
    const steps = [0n, 350n, 1000n];
    const until = (first: string, last: string): number =>
      reached(spentBetween(card, first, last), steps);
    const lastYear = until(firstOfFile, day < firstOfNewYear ? day : '2010-12-31');
    const thisYear = day < firstOfNewYear ? 0 : until(firstOfNewYear, day);
    return beautyLevels[Math.max(lastYear, thisYear)] ?? null;
  },
  percent: noPercent,
  awards: ({ goods, level }) => {
    const quarters = [4n, 5n, 6n][beautyLevels.indexOf(level ?? '')] ?? 4n;
    return [['base', perPound(goods, quarters, 4n)]];
  },
  lot: (_, time) => ({ from: time, until: null }),
  inactivity: 18,
  whyNothing: 'below-one-point',
};

/** The day before the first of a month. */
const endOf = (year: number, month: number): string => `${year}-${two(month)}-31`;
const two = (number: number): string => number.toString().padStart(2, '0');

/** 3 and 5 % by the month before, 4 and 8 % by the quarter before; the higher one. No points. */
const cumulativeDiscount: Scheme = {
  level: noLevel,
  percent: (card, day) => {
    const [year, month] = [yearOf(day), Number(day.slice(5, 7))];
    const [monthsYear, before] = month === 1 ? [year - 1, 12] : [year, month - 1];
    const ofMonth = spentBetween(
      card,
      `${monthsYear}-${two(before)}-01`,
      endOf(monthsYear, before),
    );
    const quarter = Math.floor((month - 1) / 3);
    const [quartersYear, last] = quarter === 0 ? [year - 1, 12] : [year, quarter * 3];
    const ofQuarter = spentBetween(
      card,
      `${quartersYear}-${two(last - 2)}-01`,
      endOf(quartersYear, last),
    );
    const byMonth = ofMonth >= 50_000n ? 5n : ofMonth >= 20_000n ? 3n : 0n;
    const byQuarter = ofQuarter >= 300_000n ? 8n : ofQuarter >= 100_000n ? 4n : 0n;
    return byMonth > byQuarter ? byMonth : byQuarter;
  },
  awards: () => [],
  lot: (_, time) => ({ from: time, until: null }),
  inactivity: null,
  whyNothing: 'no-rule-applies',
};

export const schemes: Readonly<Record<string, Scheme>> = {
  'bonus-card': bonusCard,
  'bronze-silver-gold': bronzeSilverGold,
  'like-hm': likeHm,
  'like-sephora': likeSephora,
  'cumulative-discount': cumulativeDiscount,
};
