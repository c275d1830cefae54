import type { Instant } from '@tallystick/kernel';
import type { CarriedLot, Lot } from '@tallystick/ledger';
import type { HeardEvent } from '../accounts/decode-heard-event.js';

/**
 * The first moment at which what an event brought may lapse: the least of the dates that it names. null: it brings nothing that lapses.
 * When certificates are to be given, the programme says: see `certificatesDueAfter`. May be too early, never too late: too early costs one look at the account, which says when to look again.
 */
export const dueAfter = ({ event, parts, recordedAt }: HeardEvent): Instant | null => {
  // What a newer release wrote may name any date, and so may lists that are told in parts.
  if (event === null || parts > 0) return recordedAt;
  switch (event.type) {
    case 'PointsEarned':
    case 'PointsAdjusted':
    case 'EarningRerated':
    case 'OpeningBalanceImported':
      return least(event.data.lots.map(lapseOf));
    case 'PointsTransferred':
      return event.data.side === 'in' ? least(event.data.lots.map(lapseOf)) : null;
    case 'RedemptionRefunded':
      return least(event.data.lots.map(({ expiresAt }) => expiresAt));
    case 'PointsHeld':
      return event.data.lapsesAt;
    case 'HoldReleased':
      // Lots that may have lapsed long ago come back, and the event does not name their dates.
      return recordedAt;
    case 'AccountsMerged': {
      if (event.data.side === 'source') return null;
      const { lots, holds, certificates = [] } = event.data.carried;
      return least([
        ...certificates.map(({ validUntil }) => validUntil),
        ...lots.map(lapseOfCarried),
        ...holds.map(({ status, lapsesAt }) => (status === 'open' ? lapsesAt : null)),
      ]);
    }
    case 'AccountOpened':
    case 'EarnReversed':
    case 'PointsRedeemed':
    case 'HoldCaptured':
    case 'PointsExpired':
    case 'PeriodClosed':
    case 'CertificateCorrected':
    case 'CertificateUsed':
    case 'CertificateExpired':
      return null;
    case 'CertificateIssued':
    case 'CertificateGivenBack':
      return event.data.validUntil;
  }
};

/** A lot that would lapse while it is still pending lapses as it becomes available. */
const lapseOf = ({ availableAt, expiresAt }: Pick<Lot, 'availableAt' | 'expiresAt'>) =>
  expiresAt !== null && expiresAt < availableAt ? availableAt : expiresAt;

const lapseOfCarried = ({ lot, remaining, expiresAt }: CarriedLot): Instant | null =>
  remaining > 0 ? lapseOf({ availableAt: lot.availableAt, expiresAt }) : null;

const least = (dates: readonly (Instant | null)[]): Instant | null => {
  let first: Instant | null = null;
  for (const date of dates) if (date !== null && (first === null || date < first)) first = date;
  return first;
};
