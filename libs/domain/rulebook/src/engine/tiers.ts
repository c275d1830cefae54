import { Exact, addDays, addMonths, toMinor, type LocalDate } from '@tallystick/kernel';
import type { Rulebook, TierLevel, Tiers } from '../rulebook.js';
import {
  firstOfMonth,
  firstOfNextMonth,
  firstOfNextYear,
  lastOfYearBefore,
  type DayActivity,
  type History,
} from './history.js';

/** A time for which a membership was paid: its level holds from the first day to the last. */
export interface PaidTime {
  readonly level: string;
  readonly first: LocalDate;
  readonly last: LocalDate;
}

export interface TierInputs {
  readonly history: History;
  readonly paid: readonly PaidTime[];
}

/**
 * The level that an account has on a day: what its history reaches within the window, begun when the programme says, and kept as the
 * programme's downgrade says. A function of the history alone, so that it is the same whenever it is asked. Null without a ladder.
 */
export const tierOn = (
  { tiers, currency }: Pick<Rulebook, 'tiers' | 'currency'>,
  inputs: TierInputs,
  day: LocalDate,
): TierLevel | null => {
  if (tiers === null) return null;
  const paid = paidLevel(tiers, inputs.paid, day);
  const earned = tiers.by === 'paid' ? 0 : earnedLevel(tiers, currency, inputs.history, day);
  return tiers.levels[Math.max(paid, earned)] ?? null;
};

const paidLevel = (tiers: Tiers, paid: readonly PaidTime[], day: LocalDate): number => {
  let highest = 0;
  for (const { level, first, last } of paid) {
    if (day < first || day > last) continue;
    highest = Math.max(
      highest,
      tiers.levels.findIndex(({ id }) => id === level),
    );
  }
  return highest;
};

const earnedLevel = (tiers: Tiers, currency: string, history: History, day: LocalDate): number => {
  const downgrade = tiers.downgrade ?? 'straight';
  if (downgrade === 'straight') {
    const until = tiers.upgrade === 'next-month' ? running : asked;
    return reachedOn(tiers, currency, until(tiers, history), history.size === 0)(day);
  }
  const reached = reachedOn(tiers, currency, running(tiers, history), history.size === 0);
  const days = changeDays(tiers, history, day);
  if (downgrade === 'never') return Math.max(...days.map(reached));
  if (downgrade === 'one-step') return stepwise(tiers, days, reached, day);
  return withGrace(days, reached, day, downgrade.graceMonths);
};

/** The level that the window reaches on a day, as far as it has begun to hold. */
const reachedOn = (
  tiers: Tiers,
  currency: string,
  until: SumUntil,
  nothing: boolean,
): ((day: LocalDate) => number) => {
  if (nothing) return () => 0;
  const from = thresholdsOf(tiers, currency);
  const levelOf = (amount: number): number => {
    let level = 0;
    from.forEach((least, index) => {
      if (amount >= least) level = index;
    });
    return level;
  };
  const inWindow = (day: LocalDate): number => {
    switch (tiers.window) {
      case 'lifetime':
        return levelOf(until(day));
      case 'calendar-year':
        return levelOf(until(day) - until(lastOfYearBefore(day)));
      case 'rolling-12-months':
        return levelOf(until(day) - until(addMonths(day, -12)));
    }
  };
  switch (tiers.upgrade ?? 'at-once') {
    case 'at-once':
      return inWindow;
    case 'next-month':
      // What is lost meanwhile is reached anew, and begins to hold a month later: no day since the month before may lack it.
      return (day) => {
        let level = Infinity;
        for (let on = addDays(firstOfMonth(day), -1); on <= day && level > 0; on = addDays(on, 1))
          level = Math.min(level, inWindow(on));
        return level;
      };
    case 'next-window':
      return (day) => inWindow(lastOfYearBefore(day));
  }
};

const thresholds = new WeakMap<Tiers, readonly number[]>();

/** From what on each level holds, as it is counted; a ladder belongs to one programme, which has one currency. */
const thresholdsOf = (tiers: Tiers, currency: string): readonly number[] => {
  const known = thresholds.get(tiers);
  if (known !== undefined) return known;
  const from = tiers.levels.map((level) =>
    tiers.by === 'spend' ? toMinor(Exact.exact(level.from), currency, 'down') : Number(level.from),
  );
  thresholds.set(tiers, from);
  return from;
};

type SumUntil = (day: LocalDate) => number;

const amountOf = ({ by }: Tiers, activity: Readonly<DayActivity>): number =>
  by === 'spend' ? activity.spendMinor : by === 'points' ? activity.points : activity.visits;

/** The measure's sum up to and with a day, for who asks once or twice. */
const asked =
  (tiers: Tiers, history: History): SumUntil =>
  (day) => {
    let sum = 0;
    for (const [of, activity] of history) if (of <= day) sum += amountOf(tiers, activity);
    return sum;
  };

/** The same for who asks often: by bisection over the days on which something happened. */
const running = (tiers: Tiers, history: History): SumUntil => {
  const days = [...history.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  const sums: number[] = [];
  let total = 0;
  for (const [, activity] of days) {
    total += amountOf(tiers, activity);
    sums.push(total);
  }
  return (day) => {
    let [low, high] = [0, days.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((days[middle]?.[0] ?? '') <= day) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : (sums[low - 1] ?? 0);
  };
};

/** Every day up to one on which the level that is reached can change. */
const changeDays = (tiers: Tiers, history: History, day: LocalDate): LocalDate[] => {
  const days = new Set<LocalDate>([day]);
  const add = (change: LocalDate): void => {
    if (change <= day) days.add(change);
  };
  for (const active of history.keys()) {
    add(active);
    add(firstOfNextMonth(active));
    if (tiers.window === 'rolling-12-months') {
      const out = addMonths(active, 12);
      // The last day of a shorter month stands for several days of a longer one.
      for (const near of [-1, 0, 1, 2, 3, 4]) add(addDays(out, near));
    }
    for (let year = firstOfNextYear(active), n = 0; n < 2; n += 1, year = firstOfNextYear(year))
      add(year);
  }
  return [...days].sort();
};

const withGrace = (
  days: readonly LocalDate[],
  reached: (day: LocalDate) => number,
  day: LocalDate,
  months: number,
): number => {
  let held = reached(day);
  days.forEach((from, index) => {
    // Reached from this day up to the day before the next change.
    const level = reached(from);
    const next = days[index + 1];
    if (level <= held || next === undefined) return;
    if (day < addMonths(next, months)) held = level;
  });
  return held;
};

/** At most one level lower at a time: when it is first no longer reached, and then a year later. */
const stepwise = (
  tiers: Tiers,
  days: readonly LocalDate[],
  reached: (day: LocalDate) => number,
  day: LocalDate,
): number => {
  let held = 0;
  let dropped: LocalDate | null = null;
  const nextDrop = (last: LocalDate): LocalDate =>
    tiers.window === 'calendar-year' ? firstOfNextYear(last) : addMonths(last, 12);
  const dropUntil = (until: LocalDate, level: number): void => {
    while (dropped !== null && held > level && nextDrop(dropped) <= until) {
      dropped = nextDrop(dropped);
      held -= 1;
    }
  };
  for (const [index, from] of days.entries()) {
    const level = reached(from);
    dropUntil(from, level);
    if (level >= held) {
      held = level;
      dropped = null;
    } else if (dropped === null) {
      held -= 1;
      dropped = from;
    }
    dropUntil(index + 1 < days.length ? addDays(days[index + 1] ?? day, -1) : day, level);
  }
  return held;
};
