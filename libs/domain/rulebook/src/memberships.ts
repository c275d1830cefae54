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
  const fees = Exact.multiply(Exact.exact(membership.fee), Exact.exact(quantity));
  return Exact.compare(Exact.exact(amount), fees) < 0 ? null : membership;
};

/** What of a receipt pays fees. A part of a fee pays nothing. */
export const membershipsIn = (fact: ReceiptFact, book: Rulebook): PaidMembership[] => {
  if (book.memberships === undefined) return [];
  return fact.lines.filter(isSale).flatMap((line) => {
    const paid = feeOf(line, book);
    const quantity = Number(Exact.round(Exact.exact(line.quantity), 'down'));
    if (paid === null || quantity < 1) return [];
    const { id: membership, level, months } = paid;
    return [{ membership, level, months, ordinal: line.ordinal, quantity }];
  });
};

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
