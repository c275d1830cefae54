import type { ConditionValue } from '@tallystick/conditions';
import {
  Exact,
  addDays,
  addMonths,
  dayAt,
  localDate,
  minorUnitDigits,
  timeZone,
  toMinor,
  type LocalDate,
} from '@tallystick/kernel';
import type { ReceiptFact, ReceiptLine } from '../facts.js';
import type { DiscountRule, Rulebook } from '../rulebook.js';
import { engineOf } from './compile.js';
import { soldLinesOf } from './counted.js';
import { bindLine, bindReceipt } from './environment.js';
import { feeOf } from '../memberships.js';
import { firstOfMonth, type History } from './history.js';
import { sharesOf } from './shares.js';
import { tierOn, type PaidTime } from './tiers.js';

/** What a line is reduced by at the till. */
export interface LineDiscount {
  readonly ordinal: number;
  /** An exact decimal. */
  readonly percent: string;
  /** The rule that gives it, or `tier:<level>`. */
  readonly by: string;
  /** Minor units; the lines' come to the receipt's. */
  readonly amountMinor: number;
}

export interface Discounts {
  readonly tier: string | null;
  /** The lines that are reduced, in the receipt's order. */
  readonly lines: readonly LineDiscount[];
  /** Minor units. */
  readonly amountMinor: number;
}

export interface DiscountInputs {
  readonly history: History;
  readonly paid?: readonly PaidTime[];
  readonly firstPurchase?: boolean;
  readonly attributes?: Readonly<Record<string, ConditionValue>>;
}

/**
 * What a basket is reduced by at the till, before it is sold. Percentages do not add up: of those that apply to a line the highest does, and
 * of equal ones the level's, then the first of the document. Lines that earn nothing because they are excluded are not reduced. What all
 * lines come to is rounded once, half up, and split over them so that nothing is lost; no line is reduced below 0. Pure and total.
 */
export const discountsOf = (
  fact: ReceiptFact,
  inputs: DiscountInputs,
  book: Rulebook,
): Discounts => {
  const day = dayAt(fact.occurredAt, timeZone(book.timeZone));
  const tier = tierOn(book, { history: inputs.history, paid: inputs.paid ?? [] }, day);
  const sold = soldLinesOf(fact, book);
  const engine = engineOf(book);
  const receipt = bindReceipt(
    book,
    fact,
    Exact.sum(sold.map(({ base }) => base)),
    {
      tier: tier?.id ?? null,
      firstPurchase: inputs.firstPurchase ?? false,
      attributes: inputs.attributes ?? {},
    },
    engine.discountsAsk.receipt,
  );
  const offers = engine.discounts.flatMap(({ rule, when, lines }) => {
    const percent = percentOf(rule, book.currency, inputs.history, day);
    return percent !== null && (when?.holds(receipt) ?? true)
      ? [{ by: rule.id, percent, lines }]
      : [];
  });
  const reduced = sold.flatMap(({ line, excluded }) => {
    // Nor is a membership's fee.
    if (excluded !== null || feeOf(line, book) !== null) return [];
    let best =
      tier?.discount === undefined ? null : { by: `tier:${tier.id}`, percent: tier.discount };
    const bound = bindLine(receipt, line, engine.discountsAsk.lines);
    for (const { by, percent, lines } of offers) {
      if (!(lines?.holds(bound) ?? true)) continue;
      if (best === null || Exact.compare(Exact.exact(percent), Exact.exact(best.percent)) > 0)
        best = { by, percent };
    }
    return best === null ? [] : [{ line, ...best }];
  });
  const perMajor = 10n ** BigInt(minorUnitDigits(book.currency));
  const shares = sharesOf(
    reduced.map(({ line, by, percent }) => {
      const costs = Exact.multiply(amountOf(line), Exact.exact(perMajor));
      const off = Exact.divide(Exact.multiply(costs, Exact.exact(percent)), Exact.exact(100));
      return { by, costs, off };
    }),
  );
  const lines = reduced.map(({ line, by, percent }, index) => ({
    ordinal: line.ordinal,
    percent,
    by,
    amountMinor: Number(shares[index] ?? 0n),
  }));
  const whole = shares.reduce((sum, share) => sum + share, 0n);
  const amountMinor = toMinor(Exact.ratio(whole, perMajor), book.currency, 'down');
  return { tier: tier?.id ?? null, lines, amountMinor };
};

/** The receipt as it is after its discounts. */
export const reducedBy = (
  fact: ReceiptFact,
  { lines }: Pick<Discounts, 'lines'>,
  currency: string,
): ReceiptFact => {
  const minor = new Map(lines.map(({ ordinal, amountMinor }) => [ordinal, amountMinor]));
  const perMajor = 10n ** BigInt(minorUnitDigits(currency));
  return {
    ...fact,
    lines: fact.lines.map((line) => {
      const off = Exact.ratio(BigInt(minor.get(line.ordinal) ?? 0), perMajor);
      return { ...line, amount: Exact.toDecimal(Exact.subtract(amountOf(line), off)) };
    }),
  };
};

const amountOf = ({ amount }: Pick<ReceiptLine, 'amount'>): Exact.Exact => Exact.exact(amount);

/** What a rule offers on a day; null: nothing was spent that earns it. */
const percentOf = (
  { percent, bySpend }: DiscountRule,
  currency: string,
  history: History,
  day: LocalDate,
): string | null => {
  if (bySpend === undefined) return percent ?? null;
  const { first, last } = periodBefore(bySpend.period, day);
  const spent = spentBetween(history, first, last);
  let reached: string | null = null;
  for (const step of bySpend.steps)
    if (spent >= toMinor(Exact.exact(step.from), currency, 'down')) reached = step.percent;
  return reached;
};

/** The month, or the quarter of the year, before the one that a day lies in. */
export const periodBefore = (
  period: 'month' | 'quarter',
  day: LocalDate,
): { readonly first: LocalDate; readonly last: LocalDate } => {
  const month = firstOfMonth(day);
  const months = period === 'month' ? 1 : 3;
  const begun =
    period === 'month' ? month : addMonths(month, -((Number(month.slice(5, 7)) - 1) % 3));
  return { first: addMonths(begun, -months), last: addDays(localDate(begun), -1) };
};

const spentBetween = (history: History, first: LocalDate, last: LocalDate): number => {
  let sum = 0;
  for (const [day, { spendMinor }] of history) if (day >= first && day <= last) sum += spendMinor;
  return sum;
};
