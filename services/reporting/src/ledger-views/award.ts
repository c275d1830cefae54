import type { FactId } from '@tallystick/kernel';
import type { EarningRerated, LedgerEvent } from '@tallystick/ledger';

/** What the newest revision of a fact did to one account: summed over its events, of which it may have several. */
export interface Award {
  readonly fact: FactId;
  readonly factRevision: number;
  readonly earned: number;
  readonly reversed: number;
  readonly arrearsRaised: number;
  /** Whether an earning was posted for it, even one of no points: it has sold lines, or corrects such a receipt. */
  readonly sells: boolean;
  /** Why there are no points; null when there are. */
  readonly reason: string | null;
}

/** Folds an event into the award of its fact; null for events that no receipt or partner's event causes. */
export const awardOf = (
  known: (fact: FactId) => Award | undefined,
  event: LedgerEvent,
): Award | null => {
  if (event.type === 'EarningRerated') return ratedAgain(known(event.data.fact), event);
  if (event.type !== 'PointsEarned' && event.type !== 'EarnReversed') return null;
  const { fact, factRevision } = event.data;
  const earlier = known(fact);
  const award =
    earlier?.factRevision === factRevision
      ? earlier
      : {
          fact,
          factRevision,
          earned: 0,
          reversed: 0,
          arrearsRaised: 0,
          sells: false,
          reason: null,
        };
  const changed =
    event.type === 'PointsEarned'
      ? {
          ...award,
          sells: true,
          earned: award.earned + event.data.points,
          reason: award.sells ? award.reason : (event.data.reason ?? 'below-one-point'),
        }
      : {
          ...award,
          reversed: award.reversed + event.data.points,
          arrearsRaised: award.arrearsRaised + event.data.arrearsRaised,
          reason: award.sells
            ? award.reason
            : returnReason(award.reason, event.data.reversals.length),
        };
  return changed.earned > 0 || changed.reversed > 0 ? { ...changed, reason: null } : changed;
};

/** It is one award as before, of other points. */
const ratedAgain = (award: Award | undefined, { data }: EarningRerated): Award | null => {
  if (award?.factRevision !== data.factRevision) return null;
  const earned = award.earned + data.points;
  const arrearsRaised = award.arrearsRaised + data.arrearsRaised;
  const reason = earned > 0 || award.reversed > 0 ? null : (data.nothing ?? 'below-one-point');
  return { ...award, earned, arrearsRaised, reason };
};

/** The words are those of the receipts domain (`pinnedOutcome`): both tell the same of one receipt. */
const hadEarnedNothing = 'returned-goods-had-earned-nothing';
const returnReason = (earlier: string | null, reversals: number): string =>
  reversals > 0 || earlier === hadEarnedNothing ? hadEarnedNothing : 'returned-goods-match-no-sale';
