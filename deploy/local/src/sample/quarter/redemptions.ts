import type { Memory } from './memory.js';
import type { Person } from './people.js';
import type { Random } from './random.js';

/** Someone spends points, or tries to. */
export interface SampleRedemption {
  readonly key: string;
  readonly card: string;
  readonly points: number;
  readonly reference: string;
  /** More than anyone has: it is refused on every run, so that a second run changes nothing. */
  readonly tooMuch: boolean;
  /** Whether it is cancelled at the end of its week. */
  readonly cancelled: boolean;
}

/** Points that will be paid with at a till in the week in hand. */
export interface Spender {
  readonly person: Person;
  readonly points: number;
  /** From 0. */
  readonly dayInWeek: number;
}

/** Rounding can cost a point here and there: what is spent leaves room for it. */
const roomPoints = 15;
const pointsAtOnceMax = 1_000;
/** Of those who have enough, in a week. */
const redeemsPercent = 25;
const cancelsPercent = 10;
const asksTooMuchPercent = 0.4;
const beyondAnyone = 50_000;

/** Who redeems at the beginning of a week; they pay with those points in its course. */
export const planRedemptions = (
  random: Random,
  memory: Memory,
  everyone: readonly Person[],
  week: number,
): { readonly asks: readonly SampleRedemption[]; readonly spenders: readonly Spender[] } => {
  const asks: SampleRedemption[] = [];
  const spenders: Spender[] = [];
  const ask = (person: Person, points: number, kind: 'spent' | 'cancelled' | 'too much'): void => {
    const number = `${String(week + 1).padStart(2, '0')}-${String(asks.length + 1).padStart(3, '0')}`;
    asks.push({
      key: `sample/redemption/${number}`,
      card: random.pick(person.cards),
      points,
      reference: `till-${number}`,
      tooMuch: kind === 'too much',
      cancelled: kind === 'cancelled',
    });
  };
  for (const person of everyone) {
    if (person.joinsInWeek === null || person.joinsInWeek >= week) continue;
    const whole = Math.floor((memory.pointsAtLeast(person) - roomPoints) / 100) * 100;
    if (whole >= 100 && random.chance(redeemsPercent)) {
      const points = Math.min(whole, pointsAtOnceMax);
      const cancelled = random.chance(cancelsPercent);
      memory.note(person, cancelled ? 'cancelled a redemption' : 'redeemed');
      ask(person, points, cancelled ? 'cancelled' : 'spent');
      if (cancelled) continue;
      memory.credit(person, -points);
      spenders.push({ person, points, dayInWeek: random.between(0, 6) });
    } else if (random.chance(asksTooMuchPercent)) {
      ask(person, beyondAnyone, 'too much');
    }
  }
  return { asks, spenders };
};
