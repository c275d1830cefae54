import type { Random } from './random.js';

/** A customer of the sample. */
export interface Person {
  /** The idempotency key of the enrolment, hence the same member on every run. */
  readonly key: string;
  readonly cards: readonly string[];
  /** How often they come, beside the others. */
  readonly weight: number;
  /** How many lines a basket of theirs has at most. */
  readonly linesMax: number;
  /** The week, from 0, whose beginning sees them enrolled; null: never, their card stays unknown. */
  readonly joinsInWeek: number | null;
  /** The week from which they shop: before they join, for those who took a card first and told their name later. */
  readonly shopsFromWeek: number;
}

export const peopleCounts = {
  members: 300,
  /** Members who take a card at the till and enrol weeks later. */
  late: 14,
  /** Cards that nobody ever enrols. */
  neverEnrolled: 4,
} as const;

/** One member in so many has a second card, for the partner at home. */
const secondCardEvery = 12;

export const people = (random: Random, weeks: number): readonly Person[] => {
  let cards = 0;
  const nextCard = (): string => {
    cards += 1;
    return cardNumber(cards * 7 + random.between(0, 6));
  };
  const habits = (): Pick<Person, 'weight' | 'linesMax'> => {
    const kind = random.between(1, 100);
    if (kind <= 8) return { weight: 60, linesMax: 14 };
    if (kind <= 60) return { weight: random.between(8, 24), linesMax: 7 };
    return { weight: random.between(1, 5), linesMax: 4 };
  };
  const person = (index: number, key: string): Person => {
    const late = index >= peopleCounts.members - peopleCounts.late;
    const shopsFromWeek = late ? random.between(0, weeks - 5) : 0;
    return {
      key: `sample/${key}/${String(index + 1).padStart(4, '0')}`,
      cards: index % secondCardEvery === 5 ? [nextCard(), nextCard()] : [nextCard()],
      ...habits(),
      joinsInWeek: late ? shopsFromWeek + random.between(2, 4) : 0,
      shopsFromWeek,
    };
  };
  const members = Array.from({ length: peopleCounts.members }, (_, index) =>
    person(index, 'member'),
  );
  const strangers = Array.from({ length: peopleCounts.neverEnrolled }, (_, index) => ({
    ...person(0, 'stranger'),
    key: `sample/stranger/${index + 1}`,
    weight: 6,
    joinsInWeek: null,
  }));
  return [...members, ...strangers];
};

/** A card number of 16 digits whose last is the check digit of ISO/IEC 7812-1 (Luhn). */
export const cardNumber = (serial: number): string => {
  const digits = `98261${String(serial).padStart(10, '0')}`;
  let sum = 0;
  Array.from(digits)
    .reverse()
    .forEach((digit, index) => {
      const value = Number(digit) * (index % 2 === 0 ? 2 : 1);
      sum += value > 9 ? value - 9 : value;
    });
  return `${digits}${(10 - (sum % 10)) % 10}`;
};
