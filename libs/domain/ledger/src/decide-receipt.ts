import {
  BeyondLimits,
  Exact,
  Points,
  invariant,
  type CardToken,
  type FactId,
  type Instant,
  type LocalDate,
} from '@tallystick/kernel';
import type { Account, FactState, LineState, LotState } from './account.js';
import type {
  Allocation,
  EarnedLine,
  EarnReversed,
  LineReversal,
  Lot,
  PaidMembership,
  PointsEarned,
  RatedFrom,
  RulebookRef,
  UnmatchedReturn,
} from './events.js';
import { settledByRulebook } from './decide-adjustment.js';
import { decideExpiries } from './decide-expiry.js';
import type { PointsAdjusted, PointsExpired } from './events-corrections.js';
import type { HoldReleased } from './events-holds.js';
import { decideLapses } from './lapses.js';
import { hasRoomFor, lotStateOf, mergedAway, sumOf, type MergedAway } from './lots.js';
import { evolve } from './evolve.js';
import {
  claimedOf,
  matchReturns,
  openReturns,
  reverseWhole,
  undoneReturns,
  type ReturnedLine,
} from './returns.js';
import { payArrearsFrom, takeBack, unlapsed, type ArrearsPolicy } from './take.js';

/** What a rated fact brings to one account: what it earns, and what it takes back. */
export interface RatedFact {
  readonly fact: FactId;
  readonly factRevision: number;
  readonly factHash: string;
  readonly occurredAt: Instant;
  readonly card: CardToken | null;
  readonly rulebook: RulebookRef;
  readonly tier: string | null;
  readonly spendYear: string;
  readonly day?: LocalDate;
  readonly rated?: RatedFrom;
  readonly earning: {
    readonly lots: readonly Lot[];
    readonly lines: readonly EarnedLine[];
    /** Why there are no points; null when there are. */
    readonly reason: string | null;
    /** The fees that it paid. */
    readonly memberships?: readonly PaidMembership[];
  };
  readonly returns: readonly ReturnedLine[];
  /** Sales before this moment cannot be returned any more. */
  readonly returnsNotBefore: Instant;
  /** A correction may bring lines that an earlier revision had brought to another account: what of them had come back there. */
  readonly cameBackElsewhere?: readonly CameBack[];
  /** The account has applied other lines of this very revision; these had nowhere to go until now. Absent: it is all that the account gets. */
  readonly adds?: true;
  /** No earlier revision of it had anything here. Absent: the account's own memory says so, as far back as it goes. */
  readonly first?: true;
  /** Default: the next awards pay. */
  readonly arrearsPolicy?: ArrearsPolicy;
}

/** What a fact is to the sales that it returns. */
export type Returning = Pick<
  RatedFact,
  | 'fact'
  | 'factRevision'
  | 'factHash'
  | 'occurredAt'
  | 'card'
  | 'rulebook'
  | 'returns'
  | 'returnsNotBefore'
  | 'arrearsPolicy'
>;

/** A sold line, and how much of it has come back. */
export type CameBack = Pick<LineState, 'ordinal' | 'product' | 'returned'>;

/** What a receipt may do to an account. Holds whose time is over by then are posted first, and lots that it would else prolong. */
export type ReceiptEvent =
  HoldReleased | PointsExpired | PointsEarned | EarnReversed | PointsAdjusted;

export type FactDecision =
  | { readonly kind: 'applied'; readonly events: readonly ReceiptEvent[] }
  /** The account has applied this very fact before. */
  | { readonly kind: 'known' }
  /** The account has applied a later revision of it. */
  | { readonly kind: 'superseded'; readonly revision: number }
  /** The account has applied the same revision with other content. */
  | { readonly kind: 'conflict'; readonly hash: string }
  /** It corrects a fact that is older than what the account remembers: what the earlier revision earned can no longer be taken back. */
  | { readonly kind: 'forgotten'; readonly rememberedFrom: Instant }
  | MergedAway;

/** Whether a fact is new to an account, before anything is rated. */
export const standingOf = (
  account: Account,
  fact: { readonly fact: FactId; readonly factRevision: number; readonly factHash: string },
): Exclude<FactDecision, { kind: 'applied' }> | { readonly kind: 'new' } => {
  const merged = mergedAway(account);
  if (merged !== null) return merged;
  const known = account.facts.get(fact.fact);
  if (known === undefined || known.revision < fact.factRevision) return { kind: 'new' };
  if (known.revision > fact.factRevision) return { kind: 'superseded', revision: known.revision };
  return known.hash === fact.factHash ? { kind: 'known' } : { kind: 'conflict', hash: known.hash };
};

/** Whether a fact corrects one that the account may have applied and does not remember any more. */
export const forgottenBy = (
  { rememberedFrom, facts }: Account,
  fact: Pick<RatedFact, 'fact' | 'factRevision' | 'occurredAt' | 'first'>,
): Extract<FactDecision, { kind: 'forgotten' }> | null =>
  rememberedFrom !== null &&
  fact.factRevision > 1 &&
  fact.first !== true &&
  fact.occurredAt < rememberedFrom &&
  !facts.has(fact.fact)
    ? { kind: 'forgotten', rememberedFrom }
    : null;

/**
 * Decides what a rated fact does to an account, and folds it in: the account that was handed in is at the events' revision afterwards.
 * A later revision of a known fact first takes back what the earlier one still holds, and gives back what its returns had taken: what the
 * sales that it returned earn as they are now. So any order of corrections comes to what their last revisions come to.
 * `at` values the lots that reversed points are taken from.
 * Throws `BeyondLimits` where more would have come in than an account takes: what was handed in is then half changed.
 */
export const decideReceipt = (account: Account, fact: RatedFact, at: Instant): FactDecision => {
  invariant(account.opened !== null, 'an account is opened before it earns');
  const standing = standingOf(account, fact);
  const adds = standing.kind === 'known' && fact.adds === true;
  if (standing.kind !== 'new' && !adds) return standing;
  const forgotten = forgottenBy(account, fact);
  if (forgotten !== null) return forgotten;
  const events: ReceiptEvent[] = [];
  const apply = (...decided: readonly ReceiptEvent[]): void => {
    for (const event of decided) {
      events.push(event);
      evolve(account, event);
    }
  };

  apply(...decideLapses(account, at));
  // A receipt that comes late prolongs lots that had not lapsed when it happened. Those that have by now stay lapsed, posted or not.
  if (account.inactivity && fact.earning.lots.length > 0) apply(...decideExpiries(account, at));

  const applied = account.facts.get(fact.fact);
  invariant(
    !adds || applied?.lines.length === 0 || fact.earning.lines.length === 0,
    `the sold lines of ${fact.fact} come together`,
  );
  const earlier = adds ? undefined : applied;
  const carried = carriedReturns(account, fact, earlier?.lines ?? []);
  const undone = earlier === undefined ? [] : undoneReturns(account, earlier);
  if (earlier !== undefined) {
    const whole = reverseWhole(earlier);
    if (whole.length > 0) apply(...reversal(account, fact, at, 'correction', whole, []));
  }

  const sells = fact.earning.lines.length > 0 || fact.earning.lots.length > 0;
  if (sells || fact.returns.length === 0 || earlier !== undefined) {
    apply(earning(account, fact, undone, adds, at));
  }
  const { reversals: again } = matchReturns(account, carried, matching(fact));
  if (again.length > 0) apply(...reversal(account, fact, at, 'correction', again, []));
  if (fact.returns.length > 0) {
    const { reversals, unmatched } = matchReturns(account, fact.returns, matching(fact));
    apply(...reversal(account, fact, at, 'return', reversals, unmatched));
  }
  if (!hasRoomFor(account, Points.noPoints))
    throw new BeyondLimits(`what came in with ${fact.fact}`);
  return { kind: 'applied', events };
};

/**
 * What a fact that the account has applied takes back now of sales that it names: they had not come here when it did, or did not hold so
 * much. `returns`: all that it returns here. `applied`: what it has taken back, where the account has forgotten that. Folds it in, as
 * `decideReceipt` does. No events: nothing more is there to be taken.
 */
export const decideLateReturns = (
  account: Account,
  fact: Returning,
  at: Instant,
  applied: Pick<FactState, 'revision' | 'reversals'> | undefined = account.facts.get(fact.fact),
): readonly ReceiptEvent[] => {
  if (applied?.revision !== fact.factRevision) return [];
  const open = openReturns(account, applied, fact.returns);
  const { reversals } = matchReturns(account, open, matching(fact));
  if (reversals.length === 0) return [];
  const events: ReceiptEvent[] = [];
  for (const event of decideLapses(account, at)) {
    events.push(event);
    evolve(account, event);
  }
  for (const event of reversal(account, fact, at, 'return', reversals, [])) {
    events.push(event);
    evolve(account, event);
  }
  return events;
};

const matching = (fact: Returning) => ({
  fact: fact.fact,
  card: fact.card,
  occurredAt: fact.occurredAt,
  notBefore: fact.returnsNotBefore,
});

const earning = (
  account: Account,
  fact: RatedFact,
  undone: readonly LineReversal[],
  adds: boolean,
  at: Instant,
): PointsEarned => {
  const lots = [
    ...fact.earning.lots,
    ...reinstatedLots(account, fact, undone, fact.earning.lots.length),
  ];
  const points = Points.total(lots.map((lot) => lot.points));
  return {
    type: 'PointsEarned',
    data: {
      fact: fact.fact,
      factRevision: fact.factRevision,
      factHash: fact.factHash,
      occurredAt: fact.occurredAt,
      card: fact.card,
      rulebook: fact.rulebook,
      tier: fact.tier,
      points,
      lots,
      // A line's points stand for the lots in their order; a reinstated lot is no line's.
      lines: fact.earning.lines,
      reason: points > 0 ? null : fact.earning.reason,
      spendYear: fact.spendYear,
      ...(fact.day === undefined ? {} : { day: fact.day }),
      ...(fact.rated === undefined ? {} : { rated: fact.rated }),
      ...(fact.earning.memberships === undefined ? {} : { memberships: fact.earning.memberships }),
      ...(adds ? { adds } : {}),
      arrearsPaid: payArrearsFrom(account, unlapsed(lots, at), fact.arrearsPolicy),
      reinstated: undone,
    },
  };
};

const reversal = (
  account: Account,
  fact: Returning,
  at: Instant,
  cause: EarnReversed['data']['cause'],
  reversals: readonly LineReversal[],
  unmatched: readonly UnmatchedReturn[],
): readonly [EarnReversed, ...PointsAdjusted[]] => {
  const own = reversals.flatMap((line) => line.lots);
  const { allocations, short, expired } = takeBack(account, own, at);
  const event: EarnReversed = {
    type: 'EarnReversed',
    data: {
      fact: fact.fact,
      factRevision: fact.factRevision,
      factHash: fact.factHash,
      occurredAt: fact.occurredAt,
      cause,
      points: Points.total(own.map((allocation) => allocation.points)),
      reversals,
      unmatched,
      taken: allocations,
      arrearsRaised: Points.plus(short, sumOf(expired)),
      funders: byFunder(account, own),
    },
  };
  return [event, ...settledByRulebook(fact, { short, expired }, fact.arrearsPolicy)];
};

const lotOf = (account: Account, id: string): Lot => lotStateOf(account, id).lot;

const byFunder = (
  account: Account,
  allocations: readonly Allocation[],
): { [funder: string]: Points.Points } => {
  const funders: { [funder: string]: Points.Points } = {};
  for (const { lot, points } of allocations) {
    const { funder } = lotOf(account, lot);
    funders[funder] = Points.plus(funders[funder] ?? Points.noPoints, points);
  }
  return funders;
};

/** Points that an earlier revision had wrongly taken back come again, with the dates that they had. */
const reinstatedLots = (
  account: Account,
  fact: RatedFact,
  undone: readonly LineReversal[],
  firstOrdinal: number,
): Lot[] => {
  const perLot = new Map<string, Points.Points>();
  for (const { lots } of undone) {
    for (const { lot, points } of lots) {
      perLot.set(lot, Points.plus(perLot.get(lot) ?? Points.noPoints, points));
    }
  }
  return [...perLot].map(([id, points], index) => ({
    ...asProlonged(lotStateOf(account, id)),
    id: `${fact.fact}#${fact.factRevision}.${firstOrdinal + index}`,
    points,
  }));
};

/** Activity since has moved the date of a lot that lapses after inactivity. */
const asProlonged = ({ lot, expiresAt }: LotState): Lot =>
  lot.inactivity === undefined ? lot : { ...lot, expiresAt };

/**
 * What other receipts return of the earlier revisions' lines comes back of the new ones: same line, same product. Also what an earlier
 * revision had no room for, or had no such line for.
 */
const carriedReturns = (
  account: Account,
  { fact, factRevision, earning, cameBackElsewhere = [] }: RatedFact,
  earlier: readonly LineState[],
): ReturnedLine[] =>
  factRevision === 1
    ? []
    : earning.lines.flatMap((line) => {
        const sameLine = ({ ordinal, product }: CameBack): boolean =>
          ordinal === line.ordinal && product === line.product;
        const byOthers = claimedOf(account, fact, line, fact);
        const old = earlier.find(sameLine);
        // Also what came back before this account had the sale, and nobody here knows who returned it.
        const known = claimedOf(account, fact, line, null);
        const unknown =
          old === undefined
            ? Exact.zero
            : Exact.subtract(
                Exact.exact(old.returned),
                Exact.least(known, Exact.exact(old.quantity)),
              );
        const here = Exact.isPositive(unknown) ? Exact.add(byOthers, unknown) : byOthers;
        const elsewhere = Exact.sum(
          cameBackElsewhere.filter(sameLine).map(({ returned }) => Exact.exact(returned)),
        );
        const returned = Exact.compare(here, elsewhere) < 0 ? elsewhere : here;
        if (Exact.isZero(returned)) return [];
        return [
          {
            ordinal: line.ordinal,
            product: line.product,
            quantity: Exact.toDecimal(Exact.least(returned, Exact.exact(line.quantity))),
            original: { fact, ordinal: line.ordinal },
          },
        ];
      });
