import type { Rounding } from '@tallystick/kernel';

/** One published version of a programme, as its document says it. Immutable. */
export interface Rulebook {
  readonly program: string;
  readonly version: number;
  readonly name: string;
  /** What points are called: the currency of points. */
  readonly unit: string;
  /** In force for what happens from this moment on; RFC 3339. */
  readonly effectiveFrom: string;
  /** ISO 4217: a receipt in another currency earns nothing, and says so. */
  readonly currency: string;
  /** IANA: the programme's days begin and end here. */
  readonly timeZone: string;
  readonly earning: readonly EarningRule[];
  readonly partnerEvents: readonly PartnerRule[];
  readonly exclusions: Exclusions;
  readonly lots: LotLife;
  readonly tiers: Tiers | null;
  readonly redemption: Redemption | null;
  readonly returns: { readonly windowDays: number };
  /** How far back a newly linked card claims receipts that were waiting for it; null: all of them. */
  readonly claims: { readonly windowDays: number | null };
  /** When a cancelled redemption gives lots back that would have expired meanwhile. */
  readonly refunds: { readonly graceDays: number };
  /** How what an account owes is settled; absent: `next-awards`. Ask `arrearsPolicyOf`. */
  readonly arrears?: Arrears;
  /** `member.<name>` for conditions. */
  readonly attributes?: Readonly<Record<string, AttributeType>>;
  /** When `member.inBirthdayWindow` holds. */
  readonly birthday?: BirthdayWindow;
  readonly groups?: readonly Group[];
  /** On all rules for receipts together. */
  readonly caps?: readonly Cap[];
  readonly budgets?: readonly Budget[];
  readonly discounts?: readonly DiscountRule[];
  readonly certificates?: readonly CertificateRule[];
  readonly rewards?: readonly Reward[];
  readonly memberships?: readonly Membership[];
}

/** What comes in next pays what is owed; it is waived as it arises; or it stays until it is paid in money, or waived by people. */
export interface Arrears {
  readonly policy: 'next-awards' | 'waived' | 'paid-in-money';
}

/** A document that does not name it keeps the meaning, and the hash, that it had before it could be named. */
export const arrearsPolicyOf = ({ arrears }: Pick<Rulebook, 'arrears'>): Arrears['policy'] =>
  arrears?.policy ?? 'next-awards';

/**
 * What a receipt earns. Exactly one of these says how many points: `points` for each `per` of money; `points` once, or for `each` line or unit;
 * `steps` by what the lines come to; or `extra` times what other rules gave.
 */
export interface EarningRule {
  readonly id: string;
  readonly kind: 'base' | 'bonus';
  readonly points?: number;
  /** Major units, an exact decimal > 0. */
  readonly per?: string;
  readonly each?: 'line' | 'unit';
  /** Ascending by `from` (major units): the highest that is reached gives its points. */
  readonly steps?: readonly { readonly from: string; readonly points: number }[];
  /** An exact decimal > 0: '1' doubles what the rules `of` gave. */
  readonly extra?: string;
  readonly of?: readonly string[];
  /** When the rule applies, about the receipt and the member; absent: always. */
  readonly when?: string;
  /** To which lines, also about the line; absent: to all that are not excluded. */
  readonly lines?: string;
  readonly rounding: Rounding;
  /** Where fractions of a point are rounded: on each line, or once on the receipt. */
  readonly level: 'line' | 'receipt';
  readonly funder: string;
  readonly caps?: readonly Cap[];
  /** Of the rules of one group one applies: see `groups`. */
  readonly group?: string;
  /** In a group that takes the first: the highest comes first; rules of one priority in the order of the document. */
  readonly priority?: number;
  /** Whether the tier multiplies it; absent: base rules are multiplied, bonus rules not. */
  readonly tiered?: boolean;
  /** Whether it counts for a tier by points; absent: base rules do. */
  readonly qualifies?: boolean;
  /** The budget that pays for it: when that is spent, the rule gives nothing. */
  readonly budget?: string;
  /** The life of its lots; absent: the programme's. */
  readonly lots?: LotLife;
}

/** At most so many points in a period, by the programme's days. */
export interface Cap {
  readonly points: number;
  readonly per: CapPeriod;
}
export type CapPeriod = 'receipt' | 'day' | 'week' | 'month' | 'year' | 'lifetime';

/** Which of the rules of a group applies to a receipt: the first by priority that gives something, or the one that gives most. */
export interface Group {
  readonly id: string;
  readonly take: 'first' | 'best';
}

/** What a campaign may give, over all members: then it stops. Exactly one of `points` and `money` says how much. */
export interface Budget {
  readonly id: string;
  readonly points?: number;
  /** What its points may cost, by the value that the programme gives them: major units, an exact decimal > 0. */
  readonly money?: string;
  /** So much in each such period, by the programme's days; absent: in all. */
  readonly per?: 'day' | 'week' | 'month' | 'quarter' | 'year';
  /** So much for each who gives (the sender of a partner's event); absent: for all together. */
  readonly each?: 'sender';
  /** What a return takes back is given to nobody else, which is so when this is left out; or it may be given again. */
  readonly returns?: 'keep' | 'give-back';
}

/** What enrollment or a segment list says of a member, resolved before rating and stored with the award. */
export type AttributeType = 'bool' | 'string' | 'strings' | 'int';

/** A birthday's window: that day, so many whole days before it and so many after it, by the programme's days. Less than a year in all. */
export interface BirthdayWindow {
  readonly daysBefore: number;
  readonly daysAfter: number;
}

/** A price reduction at the till. It is no point, and nothing on the ledger but what it took off. */
export interface DiscountRule {
  readonly id: string;
  /** Off the lines it applies to, an exact decimal > 0 and at most 100. */
  readonly percent?: string;
  /** Percent by what was spent in the period before this one: `from` in major units, ascending. */
  readonly bySpend?: {
    readonly period: 'month' | 'quarter';
    readonly steps: readonly { readonly from: string; readonly percent: string }[];
  };
  readonly when?: string;
  readonly lines?: string;
}

/** A gift certificate for what was spent, or earned, in a period: issued when the period is over. */
export interface CertificateRule {
  readonly id: string;
  readonly by: 'spend' | 'points';
  readonly period: 'month' | 'quarter' | 'year';
  /** Ascending by `from` (major units, or points): the highest that is reached gives `value` (major units). */
  readonly steps: readonly { readonly from: string; readonly value: string }[];
  readonly validDays: number;
}

/** What points buy, besides money off. */
export interface Reward {
  readonly id: string;
  readonly name: string;
  readonly points: number;
  /** The lowest level that may have it; absent: everybody. */
  readonly tier?: string;
}

/** A membership that is paid for. While it lasts, its level holds. */
export interface Membership {
  readonly id: string;
  readonly level: string;
  readonly months: number;
  /** Major units. */
  readonly fee: string;
  /** What it is sold as: a line of this product that comes to the fee starts it, or prolongs it; its return ends it. */
  readonly product: string;
}

/** What a partner's event of a type earns: a fixed number of points, or `points` for each `per` of money. */
export interface PartnerRule {
  readonly id: string;
  readonly partner: string;
  readonly type: string;
  readonly points: number;
  readonly per: string | null;
  readonly rounding: Rounding;
  /** The budget that pays for it: when that is spent, the rule gives nothing. */
  readonly budget?: string;
}

export interface Exclusions {
  readonly categories: readonly string[];
  readonly products: readonly string[];
  readonly brands: readonly string[];
}

export interface LotLife {
  /** Days that a lot is pending, counted in the programme's days; 0: available at once. */
  readonly pendingDays: number;
  /** A day of the calendar until which it is pending, at least; absent: `pendingDays` alone says. */
  readonly pendingUntil?: string;
  readonly expiry:
    | 'never'
    | {
        readonly months: number;
        /** The last day of a lot: the day so many months later, or the end of the period that this day lies in. */
        readonly until: 'day' | 'end-of-month' | 'end-of-quarter' | 'end-of-year';
      }
    /** The last day of every lot, whenever it was earned. */
    | { readonly on: string }
    /** So many months after the account last earned or spent. */
    | { readonly inactiveMonths: number };
}

export interface Tiers {
  readonly by: 'spend' | 'points' | 'visits' | 'paid';
  readonly window: 'calendar-year' | 'rolling-12-months' | 'lifetime';
  /** When a level that was reached begins to hold; absent: at once. */
  readonly upgrade?: 'at-once' | 'next-month' | 'next-window';
  /**
   * What becomes of a level that the window no longer reaches; absent: `straight`, to the level that it does reach. `one-step`: at most one
   * level lower for each window; `grace`: it holds so many months longer; `never`: once reached, it stays.
   */
  readonly downgrade?: 'straight' | 'one-step' | 'never' | { readonly graceMonths: number };
  /** Ascending by `from`; the first begins at 0. */
  readonly levels: readonly TierLevel[];
}

export interface TierLevel {
  readonly id: string;
  /** From which it holds: spend in major units, an exact decimal; points; visits. */
  readonly from: string;
  /** What earned points are multiplied by, an exact decimal. */
  readonly multiplier: string;
  /** Off every receipt at the till, percent. */
  readonly discount?: string;
  /** What else it gives, in the programme's own words. */
  readonly entitlements?: readonly string[];
}

/** `points` are worth `value` (major units) when they are spent as money. */
export interface Redemption {
  readonly points: number;
  readonly value: string;
}
