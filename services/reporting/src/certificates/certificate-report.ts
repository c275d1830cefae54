import type { CertificatePeriod } from '@tallystick/ledger';

/** So many certificates, or things that happened to them, and what they come to in minor units. */
export interface Tally {
  count: number;
  minor: bigint;
}

/** What may happen to certificates. In minor units: given + changed - used + given back - expired = outstanding + in transit. */
export const happenings = ['given', 'changed', 'used', 'givenBack', 'expired'] as const;
export type Happening = (typeof happenings)[number];

/** In transit: left an account that was merged, and not yet arrived at its successor. The two events stand next to each other. */
export type Tallies = Record<Happening | 'outstanding' | 'inTransit', Tally>;

/** The certificates that one rule gave for one period, in one currency. */
export interface RulePeriod {
  readonly rule: string;
  readonly period: CertificatePeriod;
  /** ISO 4217. */
  readonly currency: string;
  readonly tallies: Tallies;
}

/** The certificates' double entry in one currency beside what the accounts fold to, in minor units. */
export interface CurrencyBalance {
  readonly currency: string;
  /** Posting accounts with their sums; those of members together, as `certificates/member`. By name. */
  readonly accounts: readonly { readonly account: string; readonly minor: bigint }[];
  /** Of all postings: zero, or something is wrong. */
  readonly sum: bigint;
  /** What members can still use, or what is not yet posted as expired: from the postings, and as their accounts fold to. */
  readonly posted: bigint;
  readonly folded: bigint;
  /** Accounts whose postings and fold differ. */
  readonly differenceCount: number;
  readonly balanced: boolean;
}

/** All gift certificates of a programme, as of a position. */
export interface CertificateReport {
  /** By period, rule and currency. */
  readonly rules: readonly RulePeriod[];
  /** By currency. */
  readonly currencies: readonly CurrencyBalance[];
  /** Each currency balances, and what happened adds up to what is outstanding. */
  readonly balanced: boolean;
  readonly position: bigint;
}

export const noTallies = (): Tallies => ({
  given: { count: 0, minor: 0n },
  changed: { count: 0, minor: 0n },
  used: { count: 0, minor: 0n },
  givenBack: { count: 0, minor: 0n },
  expired: { count: 0, minor: 0n },
  outstanding: { count: 0, minor: 0n },
  inTransit: { count: 0, minor: 0n },
});

/** Whether what happened to certificates comes to what is outstanding of them. */
export const addsUp = (of: Tallies): boolean => {
  const happened =
    of.given.minor + of.changed.minor - of.used.minor + of.givenBack.minor - of.expired.minor;
  return happened === of.outstanding.minor + of.inTransit.minor;
};
