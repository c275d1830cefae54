import { contentHash } from '@tallystick/event-store';
import {
  Exact,
  knownFactId,
  minorUnitDigits,
  type AccountId,
  type Instant,
  type ProgramId,
} from '@tallystick/kernel';
import { decideUseCertificate, type CertificateStatus, type MergedAway } from '@tallystick/ledger';
import {
  carryOutOnce,
  recall,
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
  const orderFor = (account: AccountId) => orderOf(id, { ...request, account }, cause);
  const outcome = await carryOutOnce(means, orderFor, named);
  if (outcome.kind !== 'certificate-unknown') return outcome;
  // Accounts forget certificates that are over when a period is closed: what was used by this key is told as before.
  return (await recall(means.store, orderFor(named.account), named.account)) ?? outcome;
};

const orderOf = (
  id: string,
  request: UseRequest & { readonly account: AccountId },
  cause: Cause,
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
      const decision = decideUseCertificate(
        state,
        { use, factHash: hash, certificate: of, reference },
        at,
      );
      switch (decision.kind) {
        case 'used':
          return { kind: 'write', events: [decision.event] };
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
    tell: ([event]) => {
      if (event?.type !== 'CertificateUsed') throw new Error('a use is told from its event');
      const { valueMinor, currency, occurredAt } = event.data;
      const value = majorOf(valueMinor, currency);
      return { use: id, program, account, certificate, value, currency, usedAt: occurredAt };
    },
  };
};

export const majorOf = (minor: number, currency: string): string =>
  Exact.toDecimal(Exact.ratio(BigInt(minor), 10n ** BigInt(minorUnitDigits(currency))));
