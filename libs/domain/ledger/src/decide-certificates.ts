import { addMs, factId, invariant, type FactId, type Instant } from '@tallystick/kernel';
import type { Account } from './account.js';
import {
  certificateStatus,
  isOutstanding,
  useOf,
  type CertificateState,
  type CertificateStatus,
} from './certificates.js';
import type { RulebookRef } from './events.js';
import type {
  CertificateCorrected,
  CertificateExpired,
  CertificateGivenBack,
  CertificateIssued,
  CertificatePeriod,
  CertificateUsed,
} from './events-certificates.js';
import { closedTo, type MergedAway } from './lots.js';

/** What a rule gives for one period that is over. */
export interface CertificateTerms {
  readonly rule: string;
  readonly period: CertificatePeriod;
  /** The first instant after the period. */
  readonly endsAt: Instant;
  readonly validUntil: Instant;
  /** The version that was in force when the period ended. */
  readonly rulebook: RulebookRef;
  readonly by: 'spend' | 'points';
  /** Ascending: `amount` is `from` in minor units, or in points. */
  readonly steps: readonly {
    readonly from: string;
    readonly amount: number;
    readonly valueMinor: number;
  }[];
  readonly currency: string;
  readonly funder: string;
}

/** Names a certificate: one for an account, a rule and a period, for ever. */
export const certificateFact = (
  { opened }: Account,
  rule: string,
  { first }: CertificatePeriod,
): FactId => {
  invariant(opened !== null, 'only an account that is open has certificates');
  return factId('certificate', opened.program, opened.account, rule, first);
};

/**
 * Gives an account the certificates of periods that are over, and corrects those that nobody has used to what the period comes to by now,
 * with its late receipts and returns. What was used, or is over, stays as it was. It depends on nothing but the account, the terms and the
 * moment: run again, it finds nothing. Two certificates of one rule and period, of accounts that were merged since, stay as they were.
 */
export const decideCertificates = (
  account: Account,
  terms: readonly CertificateTerms[],
  at: Instant,
): readonly (CertificateIssued | CertificateCorrected)[] => {
  if (closedTo(account) !== null) return [];
  return terms.flatMap((of): readonly (CertificateIssued | CertificateCorrected)[] => {
    if (of.endsAt > at) return [];
    const known = ofPeriod(account, of);
    if (known.length === 0) return issue(account, of, entitlement(account, of), at);
    return known.flatMap((state) => correction(account, state, of, at));
  });
};

const ofPeriod = (
  { certificates }: Account,
  { rule, period }: Pick<CertificateTerms, 'rule' | 'period'>,
): readonly CertificateState[] =>
  [...certificates.values()].filter(
    (state) => state.rule === rule && state.period.first === period.first,
  );

/** What an account's period comes to, and what the rule gives for it. */
export const entitlement = (
  { history }: Account,
  { period, by, steps }: Pick<CertificateTerms, 'period' | 'by' | 'steps'>,
): { readonly reached: number; readonly from: string | null; readonly valueMinor: number } => {
  let reached = 0;
  for (const [day, { spendMinor, points }] of history)
    if (day >= period.first && day <= period.last) reached += by === 'spend' ? spendMinor : points;
  const step = steps.findLast(({ amount }) => reached >= amount);
  return { reached, from: step?.from ?? null, valueMinor: step?.valueMinor ?? 0 };
};

const issue = (
  account: Account,
  { rule, period, endsAt, validUntil, rulebook, by, currency, funder }: CertificateTerms,
  reason: ReturnType<typeof entitlement>,
  at: Instant,
): CertificateIssued[] => {
  if (reason.valueMinor === 0 || at >= validUntil) return [];
  const fact = certificateFact(account, rule, period);
  const data = { fact, occurredAt: endsAt, rule, period, rulebook, by };
  return [
    { type: 'CertificateIssued', data: { ...data, ...reason, currency, validUntil, funder } },
  ];
};

const correction = (
  account: Account,
  state: CertificateState,
  terms: CertificateTerms,
  at: Instant,
): CertificateCorrected[] => {
  if (ofPeriod(account, terms).length > 1) return [];
  const { rulebook, currency } = terms;
  const { reached, from, valueMinor } = entitlement(account, terms);
  const { id: certificate, valueMinor: beforeMinor, funder } = state;
  if (valueMinor === beforeMinor || currency !== state.currency) return [];
  if (useOf(state) !== null || state.expired || at >= state.validUntil) return [];
  const data = { certificate, occurredAt: at, rulebook, reached, from };
  return [
    { type: 'CertificateCorrected', data: { ...data, beforeMinor, valueMinor, currency, funder } },
  ];
};

/** Posts the certificates that are over at an instant and nobody has used, each for the moment at which it was. */
export const decideCertificateExpiries = (
  { certificates }: Account,
  through: Instant,
): readonly CertificateExpired[] =>
  [...certificates.values()]
    .filter((state) => isOutstanding(state) && state.validUntil <= through)
    .sort((a, b) => order(a.validUntil, b.validUntil) || order(a.id, b.id))
    .map(({ id: certificate, validUntil: occurredAt, valueMinor, currency }) => ({
      type: 'CertificateExpired',
      data: { certificate, occurredAt, valueMinor, currency },
    }));

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export interface UseCertificateCommand {
  readonly use: FactId;
  readonly factHash: string;
  readonly certificate: FactId;
  readonly reference: string;
  /** What the rule gives for its period: what came back since the clock looked counts too. Absent: it is used as it is. */
  readonly terms?: CertificateTerms;
}

export type UseCertificateDecision =
  | { readonly kind: 'used'; readonly events: readonly (CertificateCorrected | CertificateUsed)[] }
  | { readonly kind: 'known' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'unknown-certificate' }
  | { readonly kind: 'not-usable'; readonly status: Exclude<CertificateStatus, 'open'> }
  | { readonly kind: 'unopened' }
  | MergedAway;

/** Uses a certificate, whole and for what it is worth by now: of several who would, the first on the account's stream does. */
export const decideUseCertificate = (
  account: Account,
  { terms, ...command }: UseCertificateCommand,
  at: Instant,
): UseCertificateDecision => {
  const closed = closedTo(account);
  if (closed !== null) return closed;
  const found = findUse(account, command.use);
  if (found !== null) return { kind: found.used.hash === command.factHash ? 'known' : 'conflict' };
  const state = account.certificates.get(command.certificate);
  if (state === undefined) return { kind: 'unknown-certificate' };
  const status = certificateStatus(state, at);
  if (status !== 'open') return { kind: 'not-usable', status };
  const corrected = terms === undefined ? [] : correction(account, state, terms, at);
  const { valueMinor, currency } = corrected.at(-1)?.data ?? state;
  if (valueMinor === 0) return { kind: 'not-usable', status: 'withdrawn' };
  const data = { ...command, occurredAt: at, valueMinor, currency };
  return { kind: 'used', events: [...corrected, { type: 'CertificateUsed', data }] };
};

export interface GiveBackCommand {
  readonly fact: FactId;
  readonly factHash: string;
  readonly use: FactId;
  readonly reason: string;
  /** A certificate that is over meanwhile comes back for so long; 0: with its own date alone. */
  readonly graceMs: number;
}

export type GiveBackDecision =
  | { readonly kind: 'given-back'; readonly event: CertificateGivenBack }
  | { readonly kind: 'known' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'unknown-use' }
  | { readonly kind: 'already-given-back'; readonly by: FactId }
  | { readonly kind: 'unopened' }
  | MergedAway;

/** The sale that a certificate had paid is cancelled: it comes back, once for each use. */
export const decideGiveBack = (
  account: Account,
  { graceMs, ...command }: GiveBackCommand,
  at: Instant,
): GiveBackDecision => {
  const closed = closedTo(account);
  if (closed !== null) return closed;
  const found = findUse(account, command.use);
  if (found === null) return { kind: 'unknown-use' };
  const { state, used } = found;
  if (used.back?.fact === command.fact)
    return { kind: used.back.hash === command.factHash ? 'known' : 'conflict' };
  if (used.back !== null) return { kind: 'already-given-back', by: used.back.fact };
  const { id: certificate, valueMinor, currency } = state;
  const validUntil =
    state.validUntil <= at ? later(state.validUntil, addMs(at, graceMs)) : state.validUntil;
  const data = { ...command, certificate, occurredAt: at, valueMinor, currency, validUntil };
  return { kind: 'given-back', event: { type: 'CertificateGivenBack', data } };
};

const later = (a: Instant, b: Instant): Instant => (a > b ? a : b);

const findUse = ({ certificates }: Account, use: FactId) => {
  for (const state of certificates.values()) {
    const used = state.uses.find((one) => one.use === use);
    if (used !== undefined) return { state, used };
  }
  return null;
};
