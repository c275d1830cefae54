import { Exact } from '@tallystick/kernel';
import type { EarningRerated, EarnReversed, PointsEarned } from '@tallystick/ledger';
import { isSale } from '@tallystick/rulebook';
import type { Pin } from './events.js';
import { isReceipt, mainAccount, revisionOf, type Fact, type FactStanding } from './fact-stream.js';

/** What became of one line: see the receipt contract for the words. */
export interface LineResult {
  readonly ordinal: number;
  readonly outcome: 'earned' | 'nothing' | 'reversed' | 'unmatched' | 'waiting' | 'refused';
  readonly points: number;
  readonly reason?: string;
}

/** What became of a fact, told from the events alone: the same answer however often it is asked. */
export interface FactOutcome {
  readonly outcome: 'awarded' | 'nothing' | 'waiting' | 'refused';
  readonly reason: string | null;
  readonly account: string | null;
  readonly earned: number;
  readonly reversed: number;
  readonly arrearsRaised: number;
  readonly lines: readonly LineResult[];
}

type Applied = PointsEarned | EarnReversed | EarningRerated;

export const waitingOutcome = (fact: Fact): FactOutcome =>
  same(fact, 'waiting', 'card-unknown', 'waiting');
/** Of a pinned fact whose accounts have not got it yet: a crash came between, and the next delivery or the sweeper finishes it. */
export const unpostedOutcome = (fact: Fact): FactOutcome =>
  same(fact, 'waiting', 'not-posted-yet', 'waiting');
export const refusedOutcome = (fact: Fact, reason: string): FactOutcome =>
  same(fact, 'refused', reason, 'refused');
export const nothingOutcome = (fact: Fact, reason: string): FactOutcome =>
  same(fact, 'nothing', reason, 'nothing');

/** Of a fact that cannot go on: superseded by a later revision, or in conflict with what bears its id. */
export const standingOutcome = (
  fact: Fact,
  standing: Extract<FactStanding, { kind: 'superseded' | 'conflict' }>,
): FactOutcome =>
  standing.kind === 'superseded'
    ? nothingOutcome(fact, `superseded-by-revision-${standing.revision}`)
    : refusedOutcome(
        fact,
        'conflict: this receipt is known with other content and the same revision',
      );

/** Of a pinned fact, from what its accounts' streams say of this revision of it. */
export const pinnedOutcome = (fact: Fact, pin: Pin, applied: readonly Applied[]): FactOutcome => {
  const own = applied.filter(
    ({ data }) => data.fact === fact.id && data.factRevision === revisionOf(fact),
  );
  const earnings = own.filter((event) => event.type === 'PointsEarned');
  const returns = own.filter((event) => event.type === 'EarnReversed');
  const again = own.filter((event) => event.type === 'EarningRerated');
  const earned = sumOf([...earnings, ...again].map(({ data }) => data.points));
  const reversed = sumOf(returns.map(({ data }) => data.points));
  const arrearsRaised = sumOf([...returns, ...again].map(({ data }) => data.arrearsRaised));
  // A correction may take back what the earlier revision gave, and give nothing itself.
  if (pin.nothing !== null)
    return { ...nothingOutcome(fact, pin.nothing), reversed, arrearsRaised };
  if (pin.waits !== undefined && pin.parts.every(({ lines }) => lines.length === 0))
    return { ...waitingOutcome(fact), reversed, arrearsRaised };
  const awarded = earned > 0 || reversed > 0;
  const placed = new Set(pin.parts.flatMap(({ lines }) => lines));
  return {
    outcome: awarded ? 'awarded' : 'nothing',
    reason: awarded ? null : reasonForNothing(earnings, returns, again),
    account: mainAccount(pin),
    earned,
    reversed,
    arrearsRaised,
    lines: isReceipt(fact)
      ? fact.lines.map((line) =>
          pin.waits !== undefined && !placed.has(line.ordinal)
            ? { ordinal: line.ordinal, outcome: 'waiting', points: 0, reason: 'card-unknown' }
            : isSale(line)
              ? soldLine(line.ordinal, [...again.toReversed(), ...earnings])
              : returnedLine(line.ordinal, line.quantity, returns),
        )
      : [],
  };
};

/** As it was rated last. */
const soldLine = (
  ordinal: number,
  earnings: readonly (PointsEarned | EarningRerated)[],
): LineResult => {
  for (const { data } of earnings) {
    const line = data.lines.find((candidate) => candidate.ordinal === ordinal);
    if (line === undefined) continue;
    return line.excluded === null
      ? { ordinal, outcome: 'earned', points: sumOf(line.points) }
      : { ordinal, outcome: 'nothing', points: 0, reason: line.excluded };
  }
  return { ordinal, outcome: 'nothing', points: 0, reason: 'no-card' };
};

const returnedLine = (
  ordinal: number,
  quantity: string,
  returns: readonly EarnReversed[],
): LineResult => {
  const reversals = returns
    .filter(({ data }) => data.cause === 'return')
    .flatMap(({ data }) => data.reversals)
    .filter((reversal) => reversal.returnedBy === ordinal);
  if (reversals.length === 0)
    return { ordinal, outcome: 'unmatched', points: 0, reason: 'no-earlier-sale-holds-it' };
  const points = 0 - sumOf(reversals.map((reversal) => reversal.points));
  const matched = Exact.sum(reversals.map((reversal) => Exact.exact(reversal.quantity)));
  const whole = Exact.isZero(Exact.add(matched, Exact.exact(quantity)));
  return {
    ordinal,
    outcome: 'reversed',
    points,
    ...(whole ? {} : { reason: 'matched-in-part' }),
  };
};

const reasonForNothing = (
  earnings: readonly PointsEarned[],
  returns: readonly EarnReversed[],
  again: readonly EarningRerated[],
): string => {
  const last = again.at(-1);
  if (last !== undefined) return last.data.nothing ?? 'below-one-point';
  if (earnings.length > 0) return earnings[0]?.data.reason ?? 'below-one-point';
  return returns.some(({ data }) => data.reversals.length > 0)
    ? 'returned-goods-had-earned-nothing'
    : 'returned-goods-match-no-sale';
};

const same = (
  fact: Fact,
  outcome: FactOutcome['outcome'],
  reason: string,
  line: LineResult['outcome'],
): FactOutcome => ({
  outcome,
  reason,
  account: null,
  earned: 0,
  reversed: 0,
  arrearsRaised: 0,
  lines: isReceipt(fact)
    ? fact.lines.map(({ ordinal }) => ({ ordinal, outcome: line, points: 0, reason }))
    : [],
});

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
