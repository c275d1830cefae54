import { invariant, unreachable } from '@tallystick/kernel';
import type { Account } from './account.js';
import { certificateOf, isOutstanding, useOf, type CertificateState } from './certificates.js';
import type { CertificateEvent } from './events-certificates.js';

/** What happens to certificates moves no points, and nothing else of the account. */
export const certified = (account: Account, event: CertificateEvent): Account => {
  const next = changed(account, event);
  account.certificates.set(next.id, next);
  return account;
};

const changed = (account: Account, event: CertificateEvent): CertificateState => {
  switch (event.type) {
    case 'CertificateIssued': {
      const { fact: id, occurredAt: _, ...rest } = event.data;
      invariant(!account.certificates.has(id), `certificate ${id} is issued once`);
      return { ...rest, id, corrections: 0, expired: false, uses: [] };
    }
    case 'CertificateCorrected': {
      const { certificate, beforeMinor, valueMinor, reached, from, rulebook } = event.data;
      const state = certificateOf(account, certificate);
      invariant(
        state.valueMinor === beforeMinor && useOf(state) === null && !state.expired,
        `certificate ${certificate} is corrected as it is`,
      );
      const corrections = state.corrections + 1;
      return { ...state, valueMinor, reached, from, rulebook, corrections };
    }
    case 'CertificateUsed': {
      const { use, factHash: hash, certificate, occurredAt: at, reference } = event.data;
      const state = certificateOf(account, certificate);
      invariant(isOutstanding(state), `certificate ${certificate} is used once`);
      return { ...state, uses: [...state.uses, { use, hash, at, reference, back: null }] };
    }
    case 'CertificateGivenBack': {
      const { use, fact, factHash: hash, certificate, validUntil } = event.data;
      const state = certificateOf(account, certificate);
      const last = useOf(state);
      invariant(last?.use === use, `certificate ${certificate} is used for ${use}`);
      const uses = [...state.uses.slice(0, -1), { ...last, back: { fact, hash } }];
      return { ...state, validUntil, uses };
    }
    case 'CertificateExpired': {
      const state = certificateOf(account, event.data.certificate);
      invariant(isOutstanding(state), `certificate ${state.id} expires once, unused`);
      return { ...state, expired: true };
    }
    default:
      return unreachable(event);
  }
};
