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
}

/** What comes in next pays what is owed; it is waived as it arises; or it stays until it is paid in money, or waived by people. */
export interface Arrears {
  readonly policy: 'next-awards' | 'waived' | 'paid-in-money';
}

/** A document that does not name it keeps the meaning, and the hash, that it had before it could be named. */
export const arrearsPolicyOf = ({ arrears }: Pick<Rulebook, 'arrears'>): Arrears['policy'] =>
  arrears?.policy ?? 'next-awards';

/** `points` for each `per` of money spent. */
export interface EarningRule {
  readonly id: string;
  readonly kind: 'base' | 'bonus';
  readonly points: number;
  /** Major units, an exact decimal > 0. */
  readonly per: string;
  readonly rounding: Rounding;
  /** Where fractions of a point are rounded: on each line, or once on the receipt. */
  readonly level: 'line' | 'receipt';
  readonly funder: string;
}

/** What a partner's event of a type earns: a fixed number of points, or `points` for each `per` of money. */
export interface PartnerRule {
  readonly id: string;
  readonly partner: string;
  readonly type: string;
  readonly points: number;
  readonly per: string | null;
  readonly rounding: Rounding;
}

export interface Exclusions {
  readonly categories: readonly string[];
  readonly products: readonly string[];
  readonly brands: readonly string[];
}

export interface LotLife {
  /** Days that a lot is pending, counted in the programme's days; 0: available at once. */
  readonly pendingDays: number;
  readonly expiry:
    | 'never'
    | {
        readonly months: number;
        /** The last day of a lot: the day so many months later, or the end of the period that this day lies in. */
        readonly until: 'day' | 'end-of-month' | 'end-of-quarter' | 'end-of-year';
      };
}

export interface Tiers {
  readonly by: 'spend';
  readonly window: 'calendar-year' | 'lifetime';
  /** Ascending by `from`; the first begins at 0. */
  readonly levels: readonly TierLevel[];
}

export interface TierLevel {
  readonly id: string;
  /** Spend from which it holds, in major units, an exact decimal. */
  readonly from: string;
  /** What earned points are multiplied by, an exact decimal. */
  readonly multiplier: string;
}

/** `points` are worth `value` (major units) when they are spent as money. */
export interface Redemption {
  readonly points: number;
  readonly value: string;
}
