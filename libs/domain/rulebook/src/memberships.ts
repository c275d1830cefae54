import { Exact, addDays, addMonths, type LocalDate } from '@tallystick/kernel';
import type { PaidTime } from './engine/tiers.js';
import { isSale, type ReceiptFact, type ReceiptLine } from './facts.js';
import type { Membership, Rulebook } from './rulebook.js';

/** A line of a receipt that paid a membership's fee: so many times, if it was sold more than once. */
export interface PaidMembership {
  readonly membership: string;
  readonly level: string;
  /** Of each. */
  readonly months: number;
  readonly ordinal: number;
  readonly quantity: number;
}

/** A sold line of the product that is a membership's fee. */
export interface MembershipFee extends Pick<
  PaidMembership,
  'membership' | 'level' | 'months' | 'ordinal'
> {
  /** What all of the line takes: major units, an exact decimal. */
  readonly fee: string;
  /** What the line came to. */
  readonly amount: string;
  /** How many it pays; 0: none, as the amount does not reach the fee. */
  readonly pays: number;
}

/** What a member has paid for, and did not give back. */
export interface MembershipBought extends Pick<PaidMembership, 'membership' | 'level'> {
  /** In all. */
  readonly months: number;
  /** The day of the programme on which it was paid. */
  readonly day: LocalDate;
}

/** For which days a membership was paid. */
export interface MembershipTime extends PaidTime {
  readonly membership: string;
}

/** The membership whose fee a line pays; null: none, or it does not come to the fee. */
export const feeOf = (
  { product, quantity, amount }: ReceiptLine,
  { memberships = [] }: Pick<Rulebook, 'memberships'>,
): Membership | null => {
  const membership = memberships.find((one) => one.product === product);
  if (membership === undefined) return null;
  return isReached(feeFor(membership, quantity), amount) ? membership : null;
};

const feeFor = ({ fee }: Membership, quantity: string): Exact.Exact =>
  Exact.multiply(Exact.exact(fee), Exact.exact(quantity));
const isReached = (fee: Exact.Exact, amount: string): boolean =>
  Exact.compare(Exact.exact(amount), fee) >= 0;

/** The lines of a receipt that are sold as fees, also those that pay none. */
export const feesIn = (
  { lines }: Pick<ReceiptFact, 'lines'>,
  { memberships }: Pick<Rulebook, 'memberships'>,
): MembershipFee[] => {
  if (memberships === undefined) return [];
  return lines.filter(isSale).flatMap(({ ordinal, product, quantity, amount }) => {
    const sold = memberships.find((one) => one.product === product);
    if (sold === undefined) return [];
    const { id: membership, level, months } = sold;
    const fee = feeFor(sold, quantity);
    const whole = Number(Exact.round(Exact.exact(quantity), 'down'));
    const pays = isReached(fee, amount) ? whole : 0;
    return [
      {
        ordinal,
        membership,
        level,
        months,
        fee: Exact.toDecimal(fee),
        amount: Exact.toDecimal(Exact.exact(amount)),
        pays,
      },
    ];
  });
};

/** What of a receipt pays fees. A part of a fee pays nothing. */
export const membershipsIn = (
  fact: Pick<ReceiptFact, 'lines'>,
  book: Pick<Rulebook, 'memberships'>,
): PaidMembership[] =>
  feesIn(fact, book)
    .filter(({ pays }) => pays > 0)
    .map(({ membership, level, months, ordinal, pays }) => ({
      ...{ membership, level, months, ordinal, quantity: pays },
    }));

/**
 * For which days memberships were paid: each from the day of its fee on, or, while one of that name lasts, from the day after that. A fee
 * that is given back never was: what was paid after it moves up.
 */
export const paidTimes = (bought: readonly MembershipBought[]): MembershipTime[] => {
  const ends = new Map<string, LocalDate>();
  return [...bought]
    .sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0))
    .map(({ membership, level, months, day }) => {
      const before = ends.get(membership);
      const first = before !== undefined && before >= day ? addDays(before, 1) : day;
      const last = addDays(addMonths(first, months), -1);
      ends.set(membership, last);
      return { membership, level, first, last };
    });
};
