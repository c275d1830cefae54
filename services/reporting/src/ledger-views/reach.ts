import { unreachable } from '@tallystick/kernel';
import type { Allocation, LedgerEvent, LotId } from '@tallystick/ledger';

/** The lots that an event puts points into or takes points from: certificates are money. */
export const touchedLots = (event: LedgerEvent): ReadonlySet<LotId> => {
  switch (event.type) {
    case 'AccountOpened':
    case 'HoldCaptured': // What is captured left its lots when it was held.
    case 'CertificateIssued':
    case 'CertificateCorrected':
    case 'CertificateUsed':
    case 'CertificateGivenBack':
    case 'CertificateExpired':
      return new Set();
    case 'PointsEarned':
    case 'OpeningBalanceImported':
      return new Set(event.data.lots.map(({ id }) => id));
    case 'EarnReversed':
      return named(event.data.taken);
    case 'PointsRedeemed':
    case 'PointsHeld':
    case 'HoldReleased':
    case 'PointsExpired':
      return named(event.data.allocations);
    case 'RedemptionRefunded':
      return new Set(event.data.lots.map(({ lot, as: id = lot }) => id));
    case 'EarningRerated':
    case 'PointsAdjusted':
      return new Set([...event.data.lots.map(({ id }) => id), ...named(event.data.taken)]);
    case 'PointsTransferred':
      return event.data.side === 'out'
        ? named(event.data.taken)
        : new Set(event.data.lots.map(({ id }) => id));
    case 'AccountsMerged': {
      const { data } = event;
      const carried = data.carried.lots.map(({ lot }) => lot.id);
      // What is owed is paid from lots of either.
      return new Set([...carried, ...(data.side === 'target' ? named(data.arrearsPaid) : [])]);
    }
    case 'PeriodClosed':
      return new Set(event.data.carried.lots.map(({ lot }) => lot.id));
    default:
      return unreachable(event);
  }
};

const named = (allocations: readonly Pick<Allocation, 'lot'>[]): Set<LotId> =>
  new Set(allocations.map(({ lot }) => lot));

/** In the units of `Projection.weigh`: what the state remembers of a fact is its lots and its lines. What it forgets is not taken off. */
export const weightOf = (event: LedgerEvent): number => {
  switch (event.type) {
    case 'AccountOpened':
    case 'RedemptionRefunded':
    case 'HoldReleased':
    case 'PointsExpired':
    case 'PeriodClosed':
    case 'CertificateIssued':
    case 'CertificateCorrected':
    case 'CertificateUsed':
    case 'CertificateGivenBack':
    case 'CertificateExpired':
      return 1;
    case 'EarningRerated':
    case 'PointsEarned':
      return 2 + event.data.lots.length + event.data.lines.length;
    case 'EarnReversed':
      return 1 + event.data.reversals.length;
    case 'PointsRedeemed':
    case 'PointsHeld':
    case 'HoldCaptured':
      return 1 + event.data.allocations.length;
    case 'PointsAdjusted':
    case 'OpeningBalanceImported':
      return 1 + event.data.lots.length;
    case 'PointsTransferred':
      return 1 + (event.data.side === 'in' ? event.data.lots.length : 0);
    case 'AccountsMerged': {
      if (event.data.side === 'source') return 1;
      const { lots, facts, redemptions, holds, certificates = [] } = event.data.carried;
      const lines = facts.reduce((sum, fact) => sum + fact.lines.length + 1, 0);
      return 1 + lots.length + lines + redemptions.length + holds.length + certificates.length;
    }
    default:
      return unreachable(event);
  }
};
