import { Points, type FactId } from '@tallystick/kernel';
import type { Lot, PointsEarned } from './events.js';

type Earned = Pick<PointsEarned['data'], 'lots' | 'reinstated'>;

/** Those that the fact's own lines earned: a reinstated lot is no line's, and stands behind them. */
export const ownLots = ({ lots, reinstated }: Earned): readonly Lot[] => {
  if (reinstated.length === 0) return lots;
  const before = new Set(reinstated.flatMap((reversal) => reversal.lots.map(({ lot }) => lot)));
  return lots.slice(0, lots.length - before.size);
};

/** What an award gives back, by the sale that an earlier revision of it had taken it of; sales that had earned nothing are left out. */
export const givenBack = ({
  reinstated,
}: Pick<Earned, 'reinstated'>): readonly {
  readonly fact: FactId;
  readonly points: Points.Points;
}[] => {
  const bySale = new Map<FactId, Points.Points>();
  for (const { fact, points } of reinstated)
    if (points > 0) bySale.set(fact, Points.plus(bySale.get(fact) ?? Points.noPoints, points));
  return [...bySale].map(([fact, points]) => ({ fact, points }));
};
