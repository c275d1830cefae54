import { dayAt, hourAt, timeZone, type LocalDate, type Points } from '@tallystick/kernel';
import type { Explanation } from './engine/explanation.js';
import type { ReceiptFact } from './facts.js';
import type { LotDates } from './lot-dates.js';
import type { PaidMembership } from './memberships.js';
import type { Rulebook } from './rulebook.js';

/** One rule's award; the shape of a ledger lot without its id. */
export interface RatedLot {
  readonly points: Points.Points;
  readonly rule: string;
  readonly kind: 'base' | 'bonus';
  readonly availableAt: LotDates['availableAt'];
  readonly expiresAt: LotDates['expiresAt'];
  readonly inactivity?: NonNullable<LotDates['inactivity']>;
  readonly funder: string;
  readonly qualifies: boolean;
  /** The counters of caps that it counts in. */
  readonly counters?: readonly string[];
  /** The budget that pays for it, by the name of `budgetName`. */
  readonly budget?: string;
  /** The rulebook's version. */
  readonly rulebook: number;
  /** So many points are worth `value`, in major units; absent: the programme names no value for them. */
  readonly cost?: { readonly points: number; readonly value: string; readonly currency: string };
}

/** A sold line after rating. */
export interface RatedLine {
  readonly ordinal: number;
  readonly product: string;
  readonly quantity: string;
  /** Its part of each lot, in the order of `lots`. */
  readonly points: readonly Points.Points[];
  readonly spendMinor: number;
  /** Why the line did not count; null when it did. */
  readonly excluded: string | null;
}

export interface Rating {
  readonly tier: string | null;
  readonly spendYear: string;
  /** The day of the programme that it counts on. */
  readonly day: LocalDate;
  readonly lots: readonly RatedLot[];
  /** Every sold line, those that did not count included; returned lines are not here. */
  readonly lines: readonly RatedLine[];
  /** Why there are no points; null when there are. */
  readonly reason: string | null;
  /** What counters of caps had come to that were looked at. */
  readonly counted: Readonly<Record<string, number>>;
  /** How many points were left of the budgets that were looked at. */
  readonly budgets: Readonly<Record<string, number>>;
  /** The fees that it pays. */
  readonly memberships: readonly PaidMembership[];
  /** Why each rule gave what it gave: made when it is asked for. */
  readonly explanation: Explanation;
  /** The same as the JSON text that its hash is of. */
  explanationText(): string;
}

/** What a lot may cost is what its points are worth when they are spent, by the version that gives it. */
export const causeAndCost = ({
  version,
  redemption,
  currency,
}: Rulebook): Pick<RatedLot, 'rulebook' | 'cost'> => ({
  rulebook: version,
  ...(redemption === null ? {} : { cost: { ...redemption, currency } }),
});

/** The day of the programme that a fact counts on. */
export const dayOf = (fact: Pick<ReceiptFact, 'occurredAt'>, rulebook: Rulebook): LocalDate =>
  dayAt(fact.occurredAt, timeZone(rulebook.timeZone));

/** The same, and the hour of its clocks. */
export const dayAndHour = (
  { occurredAt }: Pick<ReceiptFact, 'occurredAt'>,
  rulebook: Rulebook,
): { readonly day: LocalDate; readonly hour: number } => {
  const zone = timeZone(rulebook.timeZone);
  return { day: dayAt(occurredAt, zone), hour: hourAt(occurredAt, zone) };
};
