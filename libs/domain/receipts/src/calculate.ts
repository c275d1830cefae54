import { Exact, Points, minorUnitDigits, toMinor, type Instant } from '@tallystick/kernel';
import { valuation, type Account } from '@tallystick/ledger';
import {
  discountsOf,
  isSale,
  rateReceipt,
  reducedBy,
  rewardsFor,
  type Discounts,
  type Rating,
  type ReceiptFact,
  type Reward,
  type Rulebook,
  type ToldAttributes,
} from '@tallystick/rulebook';
import { inputsOf } from './apply.js';

/** What a basket would come to for a member. */
export interface Calculation {
  readonly discounts: Discounts;
  /** The receipt as the till has to send it: its lines after their discounts. */
  readonly receipt: ReceiptFact;
  /** What that receipt will earn, as long as nothing else happens to the account before it. */
  readonly rating: Rating;
  /** How much of it points could pay, and how many that takes; null: the programme gives points no value. */
  readonly payable: { readonly points: Points.Points; readonly amountMinor: number } | null;
  /** What else the available points are enough for. */
  readonly rewards: readonly Reward[];
}

/** Calculates a basket before it is sold: by the very functions that take the receipt afterwards. Changes nothing. */
export const calculate = (
  account: Account,
  basket: ReceiptFact,
  book: Rulebook,
  at: Instant,
  budgets?: ReadonlyMap<string, number>,
  told?: ToldAttributes,
): Calculation => {
  const inputs = {
    ...inputsOf(account, basket, told),
    ...(budgets === undefined ? {} : { budgets }),
  };
  const discounts = discountsOf(basket, inputs, book);
  const receipt = reducedBy(basket, discounts, book.currency);
  const rating = rateReceipt(receipt, inputs, book);
  const { available } = valuation(account, at);
  return {
    discounts,
    receipt,
    rating,
    payable: payableOf(receipt, available, book),
    rewards: rewardsFor(book, rating.tier).filter(({ points }) => points <= available),
  };
};

const payableOf = (
  { lines }: ReceiptFact,
  available: Points.Points,
  { redemption, currency }: Rulebook,
): Calculation['payable'] => {
  if (redemption === null) return null;
  const each = Exact.divide(Exact.exact(redemption.value), Exact.exact(redemption.points));
  const worth = toMinor(Exact.multiply(Exact.exact(available), each), currency, 'down');
  const total = Exact.sum(lines.filter(isSale).map(({ amount }) => Exact.exact(amount)));
  const amountMinor = Math.min(worth, toMinor(total, currency, 'down'));
  const major = Exact.ratio(BigInt(amountMinor), 10n ** BigInt(minorUnitDigits(currency)));
  return { amountMinor, points: roundedUp(Exact.divide(major, each)) };
};

const roundedUp = (value: Exact.Exact): Points.Points => {
  const whole = Exact.round(value, 'down');
  return Points.points(Exact.compare(Exact.exact(whole), value) < 0 ? whole + 1n : whole);
};
