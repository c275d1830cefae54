import { Exact, Points } from '@tallystick/kernel';
import type { FactState, LineState } from './account.js';
import type { EarningRerated } from './events-rerating.js';
import type { LotId } from './events.js';
import { cameBackOf } from './returns.js';

/** A fact's lines as another version rates them: what has come back of them stays so, and is counted anew. */
export const reratedLines = (
  fact: Pick<FactState, 'lines'>,
  lines: EarningRerated['data']['lines'],
): LineState[] =>
  lines.map(({ ordinal, product, quantity, points, spendMinor }) => {
    const returned = fact.lines.find((line) => line.ordinal === ordinal)?.returned ?? '0';
    const line: LineState = {
      ...{ ordinal, product, quantity, points, spendMinor },
      ...{ returned, reversed: points.map(() => Points.noPoints), spendReversedMinor: 0 },
    };
    if (Exact.isZero(Exact.exact(returned))) return line;
    const back = cameBackOf(line);
    return { ...line, reversed: [...back.reversed], spendReversedMinor: back.spendMinor };
  });

/** What the lines then hold of each lot; of a fact without lines: nothing is known here. */
export const heldNow = (
  fact: Pick<FactState, 'lines'>,
  { order, lines }: Pick<EarningRerated['data'], 'order' | 'lines'>,
): ReadonlyMap<LotId, Points.Points> => {
  if (lines.length === 0) return new Map();
  const now = reratedLines(fact, lines);
  return new Map(
    order.map((lot, index) => {
      let held = 0;
      for (const { points, reversed } of now) held += (points[index] ?? 0) - (reversed[index] ?? 0);
      return [lot, Points.points(held)];
    }),
  );
};
