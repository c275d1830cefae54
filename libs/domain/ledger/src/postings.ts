import { Points, unreachable, type AccountId } from '@tallystick/kernel';
import type { LedgerEvent } from './events.js';
import { sumOf } from './lots.js';

/** One side of a double entry. All postings of an event sum to zero. */
export interface Posting {
  /** `issued/<funder>`, `member/<account>/unspent|held|arrears`, `redeemed/<kind>`, … */
  readonly account: string;
  readonly points: Points.Points;
}

/** The balanced postings of one event of an account's stream. Zero postings are left out. */
export const postings = (account: AccountId, event: LedgerEvent): readonly Posting[] => {
  const unspent = `member/${account}/unspent`;
  const held = `member/${account}/held`;
  const arrears = `member/${account}/arrears`;
  switch (event.type) {
    case 'AccountOpened':
      return [];
    case 'PointsEarned': {
      const paid = sumOf(event.data.arrearsPaid);
      return nonZero([
        ...event.data.lots.map((lot) => ({ account: `issued/${lot.funder}`, points: -lot.points })),
        { account: unspent, points: event.data.points - paid },
        { account: arrears, points: paid },
      ]);
    }
    case 'EarnReversed':
      return nonZero([
        ...Object.entries(event.data.funders).map(([funder, points]) => ({
          account: `issued/${funder}`,
          points,
        })),
        { account: unspent, points: -sumOf(event.data.taken) },
        { account: arrears, points: -event.data.arrearsRaised },
      ]);
    case 'PointsRedeemed':
      return nonZero([
        { account: unspent, points: -event.data.points },
        { account: `redeemed/${event.data.kind}`, points: event.data.points },
      ]);
    case 'RedemptionRefunded': {
      const paid = sumOf(event.data.arrearsPaid);
      return nonZero([
        { account: `redeemed/${event.data.kind}`, points: -event.data.points },
        { account: unspent, points: event.data.points - paid },
        { account: arrears, points: paid },
      ]);
    }
    case 'PointsHeld':
      return nonZero([
        { account: unspent, points: -event.data.points },
        { account: held, points: event.data.points },
      ]);
    case 'HoldCaptured':
      return nonZero([
        { account: held, points: -event.data.points },
        { account: `redeemed/${event.data.kind}`, points: event.data.points },
      ]);
    case 'HoldReleased': {
      const paid = sumOf(event.data.arrearsPaid);
      return nonZero([
        { account: held, points: -event.data.points },
        { account: unspent, points: event.data.points - paid },
        { account: arrears, points: paid },
      ]);
    }
    case 'PointsExpired':
      return nonZero([
        { account: unspent, points: -event.data.points },
        { account: 'expired', points: event.data.points },
      ]);
    case 'PointsAdjusted': {
      const { direction, points, taken, lots, arrearsPaid, arrearsSettled } = event.data;
      const paid = sumOf(arrearsPaid);
      const came = Points.total(lots.map((lot) => lot.points));
      return nonZero([
        { account: 'adjusted', points: direction === 'up' ? -points : points },
        { account: unspent, points: came - paid - sumOf(taken) },
        { account: arrears, points: paid + arrearsSettled },
      ]);
    }
    case 'PointsTransferred': {
      const { data } = event;
      if (data.side === 'out') {
        return nonZero([
          { account: unspent, points: -data.points },
          { account: 'transferred', points: data.points },
        ]);
      }
      const paid = sumOf(data.arrearsPaid);
      return nonZero([
        { account: 'transferred', points: -data.points },
        { account: unspent, points: data.points - paid },
        { account: arrears, points: paid },
      ]);
    }
    case 'AccountsMerged': {
      const { data } = event;
      const sign = data.side === 'source' ? -1 : 1;
      const paid = data.side === 'source' ? 0 : sumOf(data.arrearsPaid);
      return nonZero([
        { account: 'transferred', points: -sign * (data.unspent + data.held - data.arrears) },
        { account: unspent, points: sign * data.unspent - paid },
        { account: held, points: sign * data.held },
        { account: arrears, points: paid - sign * data.arrears },
      ]);
    }
    case 'OpeningBalanceImported': {
      const paid = sumOf(event.data.arrearsPaid);
      return nonZero([
        ...event.data.lots.map((lot) => ({ account: `issued/${lot.funder}`, points: -lot.points })),
        { account: unspent, points: event.data.points - paid },
        { account: arrears, points: paid },
      ]);
    }
    case 'PeriodClosed':
      return [];
    case 'EarningRerated': {
      const { lots, funders, taken, arrearsPaid, arrearsRaised } = event.data;
      const came = Points.total(lots.map((lot) => lot.points));
      const paid = sumOf(arrearsPaid);
      return nonZero([
        ...lots.map((lot) => ({ account: `issued/${lot.funder}`, points: -lot.points })),
        ...Object.entries(funders).map(([funder, points]) => ({
          account: `issued/${funder}`,
          points,
        })),
        { account: unspent, points: came - paid - sumOf(taken) },
        { account: arrears, points: paid - arrearsRaised },
      ]);
    }
    // Certificates are money: see `certificatePostings`.
    case 'CertificateIssued':
    case 'CertificateCorrected':
    case 'CertificateUsed':
    case 'CertificateGivenBack':
    case 'CertificateExpired':
      return [];
    default:
      return unreachable(event);
  }
};

const nonZero = (entries: readonly { account: string; points: number }[]): Posting[] =>
  entries
    .filter((entry) => entry.points !== 0)
    .map((entry) => ({ account: entry.account, points: Points.points(entry.points) }));
