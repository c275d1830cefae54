import type { FactId, Instant, LocalDate } from '@tallystick/kernel';
import type { RulebookRef } from './events.js';

/** A month, a quarter or a year of the programme's calendar. */
export interface CertificatePeriod {
  readonly kind: 'month' | 'quarter' | 'year';
  readonly first: LocalDate;
  readonly last: LocalDate;
}

/** Why a certificate has its value: what was measured, and the step that it came to. */
export interface CertificateReason {
  /** The version that was in force when the period ended. */
  readonly rulebook: RulebookRef;
  /** What the period came to, net of what had come back by then: minor units, or points. */
  readonly reached: number;
  /** The threshold that it reached, as the rulebook writes it: major units, or points. null: none. */
  readonly from: string | null;
}

/** A gift certificate for what an account spent, or earned, in a period. It is money, and no points. */
export interface CertificateIssued {
  readonly type: 'CertificateIssued';
  readonly data: CertificateReason & {
    /** Names the certificate for ever: see `certificateFact`. */
    readonly fact: FactId;
    /** The first instant after the period, whenever it was posted. */
    readonly occurredAt: Instant;
    /** The rule of the rulebook that gives it. */
    readonly rule: string;
    readonly period: CertificatePeriod;
    readonly by: 'spend' | 'points';
    /** Minor units, above 0. */
    readonly valueMinor: number;
    /** ISO 4217. */
    readonly currency: string;
    /** From this instant on it is worth nothing. */
    readonly validUntil: Instant;
    /** Who pays for it: `chain`. */
    readonly funder: string;
  };
}

/** Late receipts, corrections and returns of its period gave a certificate that nobody had used another value. 0: it is withdrawn. */
export interface CertificateCorrected {
  readonly type: 'CertificateCorrected';
  readonly data: CertificateReason & {
    readonly certificate: FactId;
    readonly occurredAt: Instant;
    readonly beforeMinor: number;
    readonly valueMinor: number;
    readonly currency: string;
    readonly funder: string;
  };
}

/** A certificate paid, once and whole. */
export interface CertificateUsed {
  readonly type: 'CertificateUsed';
  readonly data: {
    readonly use: FactId;
    readonly factHash: string;
    readonly certificate: FactId;
    readonly occurredAt: Instant;
    readonly valueMinor: number;
    readonly currency: string;
    /** The till's or the shop's own reference. */
    readonly reference: string;
  };
}

/** The sale that a certificate had paid is cancelled: it can be used again. */
export interface CertificateGivenBack {
  readonly type: 'CertificateGivenBack';
  readonly data: {
    readonly fact: FactId;
    readonly factHash: string;
    readonly use: FactId;
    readonly certificate: FactId;
    readonly occurredAt: Instant;
    readonly valueMinor: number;
    readonly currency: string;
    /** Its own date, or a later one by the programme's grace. */
    readonly validUntil: Instant;
    readonly reason: string;
  };
}

/** A certificate that nobody had used was over. It could not be used before this was posted either. */
export interface CertificateExpired {
  readonly type: 'CertificateExpired';
  readonly data: {
    readonly certificate: FactId;
    /** The instant from which it was worth nothing. */
    readonly occurredAt: Instant;
    readonly valueMinor: number;
    readonly currency: string;
  };
}

export type CertificateEvent =
  | CertificateIssued
  | CertificateCorrected
  | CertificateUsed
  | CertificateGivenBack
  | CertificateExpired;
