import { addDays, dayAt, instant, startOfDay, timeZone, type Instant } from '@tallystick/kernel';
import { lotDates, type LotLife, type Rulebook } from '@tallystick/rulebook';
import { bySign, otherwise, type Effect } from './effects.js';
import { expiryWords, pendingWords } from './words.js';

const daysOfYear = 366;
/** Every so many days one is looked at: no period that lots end with is shorter than a month. */
const daysBetween = 3;

/** What another life of lots means for those who earn them: by the dates of what is earned throughout the version's first year. */
export const lifeEffects = (
  before: LotLife,
  after: LotLife,
  book: Rulebook,
  who: string,
): Effect[] => [
  ...(pendingWords(before) === pendingWords(after)
    ? []
    : signed(
        // The later it is there, the worse.
        -signOf(book, before, after, (life, at) => lotDates(book, at, life).availableAt),
        who,
        `new points ${pendingWords(after)}; until now they ${pendingWords(before)}`,
      )),
  ...(expiryWords(before.expiry) === expiryWords(after.expiry)
    ? []
    : signed(
        mayCompare(before, after)
          ? signOf(book, before, after, (life, at) => lotDates(book, at, life).expiresAt)
          : NaN,
        who,
        `new points ${expiryWords(after.expiry)}; until now they ${expiryWords(before.expiry)}`,
      )),
];

const signed = (sign: number, who: string, how: string): Effect[] =>
  Number.isNaN(sign) ? [otherwise(who, how)] : bySign(sign, who, how);

/** After inactivity lots lapse at a time that only the member knows. */
const mayCompare = ({ expiry: before }: LotLife, { expiry: after }: LotLife): boolean => {
  const inactive = [before, after].map((one) => typeof one === 'object' && 'inactiveMonths' in one);
  return inactive[0] === inactive[1] || before === 'never' || after === 'never';
};

/** Above zero: a date is never sooner, and sometimes later; NaN: it is both. `null` is no date at all, and the latest. */
const signOf = (
  { effectiveFrom, timeZone: name }: Rulebook,
  before: LotLife,
  after: LotLife,
  dateOf: (life: LotLife, at: Instant) => Instant | null,
): number => {
  const zone = timeZone(name);
  const first = dayAt(instant(effectiveFrom), zone);
  const signs = new Set<number>();
  for (let day = 0; day < daysOfYear; day += daysBetween) {
    const at = startOfDay(addDays(first, day), zone);
    const [was, is] = [dateOf(before, at), dateOf(after, at)];
    if (was !== is) signs.add(is === null || (was !== null && is > was) ? 1 : -1);
  }
  return signs.size > 1 ? NaN : ([...signs][0] ?? 0);
};
