import { type AccountId, unreachable } from '@tallystick/kernel';
import type { Account } from './account.js';
import { isOutstanding, type CertificateState } from './certificates.js';
import type { LedgerEvent } from './events.js';

/** One side of a double entry in money. All that an event has of one currency sum to zero. */
export interface MoneyPosting {
  /** `certificates/issued/<funder>`, `certificates/member/<account>`, `certificates/used`, `certificates/expired`, `certificates/transferred`. */
  readonly account: string;
  /** ISO 4217. */
  readonly currency: string;
  readonly minor: number;
}

/**
 * The balanced postings of what an event does to certificates. They are money: points know nothing of them, and their postings
 * (`postings`) nothing of these.
 */
export const certificatePostings = (
  account: AccountId,
  event: LedgerEvent,
): readonly MoneyPosting[] => {
  const member = `certificates/member/${account}`;
  switch (event.type) {
    case 'CertificateIssued': {
      const { funder, valueMinor, currency } = event.data;
      return moved(`certificates/issued/${funder}`, member, currency, valueMinor);
    }
    case 'CertificateCorrected': {
      const { funder, beforeMinor, valueMinor, currency } = event.data;
      return moved(`certificates/issued/${funder}`, member, currency, valueMinor - beforeMinor);
    }
    case 'CertificateUsed':
      return moved(member, 'certificates/used', event.data.currency, event.data.valueMinor);
    case 'CertificateGivenBack':
      return moved('certificates/used', member, event.data.currency, event.data.valueMinor);
    case 'CertificateExpired':
      return moved(member, 'certificates/expired', event.data.currency, event.data.valueMinor);
    case 'AccountsMerged': {
      const { side, carried } = event.data;
      const way = 'certificates/transferred';
      const [from, to] = side === 'source' ? [member, way] : [way, member];
      return [...outstanding(carried.certificates ?? [])].flatMap(([currency, minor]) =>
        moved(from, to, currency, minor),
      );
    }
    case 'AccountOpened':
    case 'PointsEarned':
    case 'EarnReversed':
    case 'PointsRedeemed':
    case 'RedemptionRefunded':
    case 'PointsHeld':
    case 'HoldCaptured':
    case 'HoldReleased':
    case 'PointsExpired':
    case 'PointsAdjusted':
    case 'PointsTransferred':
    case 'OpeningBalanceImported':
    case 'PeriodClosed':
    case 'EarningRerated':
      return [];
    default:
      return unreachable(event);
  }
};

/** What an account's certificates come to that are neither used nor posted as expired: minor units by currency. */
export const outstandingCertificates = ({ certificates }: Account): ReadonlyMap<string, number> =>
  outstanding([...certificates.values()]);

const outstanding = (certificates: readonly CertificateState[]): ReadonlyMap<string, number> => {
  const sums = new Map<string, number>();
  for (const state of certificates)
    if (isOutstanding(state))
      sums.set(state.currency, (sums.get(state.currency) ?? 0) + state.valueMinor);
  return sums;
};

const moved = (from: string, to: string, currency: string, minor: number): MoneyPosting[] =>
  minor === 0
    ? []
    : [
        { account: from, currency, minor: -minor },
        { account: to, currency, minor },
      ];
