import { invariant, type FactId, type Instant } from '@tallystick/kernel';
import type { Account } from './account.js';
import type { CertificatePeriod, CertificateReason } from './events-certificates.js';

/** A use of a certificate. */
export interface CertificateUse {
  readonly use: FactId;
  readonly hash: string;
  readonly at: Instant;
  readonly reference: string;
  /** The fact that gave it back, and the hash of its content; null: it was not given back. */
  readonly back: { readonly fact: FactId; readonly hash: string } | null;
}

/** A certificate as its account knows it. Replaced as a whole when something happens to it. */
export interface CertificateState extends CertificateReason {
  readonly id: FactId;
  readonly rule: string;
  readonly period: CertificatePeriod;
  readonly by: 'spend' | 'points';
  /** Minor units; 0: it was withdrawn. */
  readonly valueMinor: number;
  readonly currency: string;
  readonly funder: string;
  readonly validUntil: Instant;
  readonly corrections: number;
  readonly expired: boolean;
  /** In their order; all but the last were given back. */
  readonly uses: readonly CertificateUse[];
}

export type CertificateStatus = 'open' | 'used' | 'expired' | 'withdrawn';

/** Whether a certificate can still be used: what is over is expired, posted or not. */
export const certificateStatus = (state: CertificateState, at: Instant): CertificateStatus => {
  if (useOf(state) !== null) return 'used';
  if (state.valueMinor === 0) return 'withdrawn';
  return state.expired || at >= state.validUntil ? 'expired' : 'open';
};

/** What it is used for; null: for nothing, or that was given back. */
export const useOf = ({ uses }: CertificateState): CertificateUse | null => {
  const last = uses.at(-1);
  return last?.back === null ? last : null;
};

/** Whether it is on the account's books: neither used nor posted as expired. */
export const isOutstanding = (state: CertificateState): boolean =>
  useOf(state) === null && !state.expired && state.valueMinor > 0;

export const certificateOf = ({ certificates }: Account, id: FactId): CertificateState => {
  const state = certificates.get(id);
  invariant(state !== undefined, `certificate ${id} is known`);
  return state;
};

/**
 * What of an account's certificates goes on: all that are on its books, and of the others those that could still be asked for: their date is
 * not older than `keepFrom` (no use is later than that). One that is left behind is never issued again, because its date is over.
 */
export const certificatesKept = (
  { certificates }: Account,
  keepFrom: Instant,
): readonly CertificateState[] =>
  [...certificates.values()]
    .filter((state) => isOutstanding(state) || state.validUntil >= keepFrom)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
