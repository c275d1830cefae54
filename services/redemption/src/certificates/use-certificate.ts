import { contentHash } from '@tallystick/event-store';
import {
  Exact,
  knownFactId,
  minorUnitDigits,
  type AccountId,
  type Instant,
  type ProgramId,
} from '@tallystick/kernel';
import {
  decideUseCertificate,
  type CertificateState,
  type CertificateStatus,
  type CertificateTerms,
  type MergedAway,
} from '@tallystick/ledger';
import { certificateOffersOn, type Rulebook } from '@tallystick/rulebook';
import {
  carryOutOnce,
  type Cause,
  type Means,
  type Named,
  type Outcome,
  type PinnedOrder,
} from '../orders/order.js';
import { orderIdOf } from '../redeem/redemption-stream.js';
import { certificateUseFact, certificateUseStream } from './certificate-use-stream.js';

export interface UseRequest {
  readonly program: ProgramId;
  readonly certificate: string;
  readonly reference: string;
}

/** What a certificate paid. */
export interface Used {
  readonly use: string;
  readonly program: ProgramId;
  readonly account: AccountId;
  readonly certificate: string;
  /** Major units. */
  readonly value: string;
  readonly currency: string;
  readonly usedAt: Instant;
}

export type UseRefusal =
  | { readonly kind: 'account-unknown' }
  | { readonly kind: 'certificate-unknown' }
  | {
      readonly kind: 'certificate-not-usable';
      readonly status: Exclude<CertificateStatus, 'open'>;
    };

/** Uses a certificate for a caller's key, once and whole, whoever else would at the same moment. */
export const useCertificate = async (
  means: Means,
  caller: string,
  key: string,
  request: UseRequest,
  named: Named,
  cause: Cause,
): Promise<Outcome<Used, UseRefusal> | MergedAway> => {
  const id = orderIdOf('certificate-use', request.program, caller, key);
  const versions = await means.programs.versions(request.program);
  return carryOutOnce(
    means,
    (account) => orderOf(id, { ...request, account }, cause, versions),
    named,
  );
};

const orderOf = (
  id: string,
  request: UseRequest & { readonly account: AccountId },
  cause: Cause,
  versions: readonly Rulebook[],
): PinnedOrder<Used, UseRefusal> => {
  const { program, account, certificate, reference } = request;
  const use = certificateUseFact(program, id);
  const hash = contentHash(request);
  return {
    ...{ program, fact: use, cause, firstOrdinal: 1 },
    stream: certificateUseStream(program, id),
    type: 'CertificateUseRequested',
    data: { use: id, hash, ...request },
    decide: (state, at) => {
      const of = knownFactId(certificate);
      const command = { use, factHash: hash, certificate: of, reference };
      const terms = termsOf(state.certificates.get(of), versions);
      const decision = decideUseCertificate(
        state,
        terms === null ? command : { ...command, terms },
        at,
      );
      switch (decision.kind) {
        case 'used':
          return { kind: 'write', events: decision.events };
        case 'unknown-certificate':
          return { kind: 'refused', refusal: { kind: 'certificate-unknown' } };
        case 'not-usable': {
          const { status } = decision;
          return { kind: 'refused', refusal: { kind: 'certificate-not-usable', status } };
        }
        case 'unopened':
          return { kind: 'refused', refusal: { kind: 'account-unknown' } };
        default:
          return decision;
      }
    },
    owns: (event) => event.type === 'CertificateUsed' && event.data.use === use,
    tell: (events) => {
      const event = events.at(-1);
      if (event?.type !== 'CertificateUsed') throw new Error('a use is told from its event');
      const { valueMinor, currency, occurredAt } = event.data;
      const value = majorOf(valueMinor, currency);
      return { use: id, program, account, certificate, value, currency, usedAt: occurredAt };
    },
  };
};

/** What its rule gives for its period, by the version that gave it. */
const termsOf = (
  state: CertificateState | undefined,
  versions: readonly Rulebook[],
): CertificateTerms | null => {
  const book = versions.find(({ version }) => version === state?.rulebook.version);
  if (state === undefined || book === undefined) return null;
  const offer = certificateOffersOn(book, state.period.first).find(
    ({ rule }) => rule === state.rule,
  );
  return offer === undefined ? null : { ...offer, rulebook: state.rulebook };
};

export const majorOf = (minor: number, currency: string): string =>
  Exact.toDecimal(Exact.ratio(BigInt(minor), 10n ** BigInt(minorUnitDigits(currency))));
