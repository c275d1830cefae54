import { Points, type FactId, type Instant } from '@tallystick/kernel';
import type { Account, FactState, LotState } from './account.js';
import { settledByRulebook } from './decide-adjustment.js';
import type { PointsAdjusted } from './events-corrections.js';
import type { EarningRerated } from './events-rerating.js';
import type { Allocation, EarnedLine, Lot, LotId, RatedFrom, RulebookRef } from './events.js';
import {
  closedTo,
  hasRoomFor,
  lotStateOf,
  sumOf,
  withCameBack,
  type BeyondLimit,
  type MergedAway,
} from './lots.js';
import { heldNow } from './rerated-lines.js';
import {
  payArrearsFrom,
  pendingLots,
  spendable,
  takeInOrder,
  unlapsed,
  type ArrearsPolicy,
} from './take.js';

/** What a fact earns by the corrected version, and who answers for it. */
export interface Rerating {
  readonly fact: FactId;
  readonly run: FactId;
  readonly reason: string;
  readonly requestedBy: string;
  readonly approvedBy: string;
  readonly from: RulebookRef;
  readonly rulebook: RulebookRef;
  readonly tier: string | null;
  readonly rated?: RatedFrom;
  readonly earning: {
    /** One for each rule that gives something. */
    readonly lots: readonly Omit<Lot, 'id'>[];
    readonly lines: readonly EarnedLine[];
    readonly reason: string | null;
  };
  /** Its points are its lines': what no line has of them (what a correction gave back) is no rule's award to it. Absent: it has no lines. */
  readonly byLine?: true;
  readonly arrearsPolicy?: ArrearsPolicy;
}

export type RerateDecision =
  | { readonly kind: 'rerated'; readonly events: readonly (EarningRerated | PointsAdjusted)[] }
  /** Both versions give the same. */
  | { readonly kind: 'same' }
  /** This run has rated it. */
  | { readonly kind: 'known' }
  /** The account does not remember it, or another version has rated it. */
  | { readonly kind: 'not-of-version' }
  | { readonly kind: 'unopened' }
  | MergedAway
  | BeyondLimit;

/** What of a fact's award the corrected version gives otherwise. Changes nothing: says what would be posted. */
export const decideRerate = (account: Account, rerating: Rerating, at: Instant): RerateDecision => {
  const closed = closedTo(account);
  if (closed !== null) return closed;
  const fact = account.facts.get(rerating.fact);
  if (fact?.rerated?.includes(rerating.run) === true) return { kind: 'known' };
  if (fact?.rulebook !== rerating.from.version) return { kind: 'not-of-version' };
  const replaced = replacedLots(account, fact, rerating);
  const kept = fact.lots.filter((lot) => !replaced.lots.has(lot));
  const fresh = replaced.by.map((lot, index) => ({
    ...lot,
    id: `${fact.id}#${fact.revision}~${rerating.run.slice(rerating.run.lastIndexOf('/') + 1)}.${index}`,
  }));
  const order = [...kept, ...fresh.map(({ id }) => id)];
  const lines = rerating.earning.lines.map((line) => ({
    ...line,
    points: [...kept.map((lot) => pointsOf(fact, line, lot)), ...replaced.columnsOf(line)],
  }));
  const spends = lines.some(
    ({ ordinal, spendMinor }) =>
      fact.lines.find((line) => line.ordinal === ordinal)?.spendMinor !== spendMinor,
  );
  if (fresh.length === 0 && replaced.lots.size === 0 && !spends) return { kind: 'same' };

  const held = heldNow(fact, { order, lines });
  const lots = fresh.map((lot) => ({ ...lot, points: held.get(lot.id) ?? lot.points }));
  const own = [...replaced.lots].map((lot) => ({ lot, points: heldBefore(account, fact, lot) }));
  const [up, down] = [Points.total(lots.map(({ points }) => points)), sumOf(own)];
  if (!hasRoomFor(account, up)) return { kind: 'beyond-limit' };
  const { taken, short, expired, left } = takeAgain(account, own, lots, at);
  const raised = {
    fact: fact.id,
    factHash: fact.hash,
    occurredAt: at,
    rulebook: rerating.rulebook,
  };
  const { reason, run, requestedBy, approvedBy, from, rulebook, tier, rated } = rerating;
  const event: EarningRerated = {
    type: 'EarningRerated',
    data: {
      ...{ fact: fact.id, factRevision: fact.revision, factHash: fact.hash, occurredAt: at },
      ...{ run, reason, requestedBy, approvedBy, from, rulebook, tier },
      ...(rated === undefined ? {} : { rated }),
      ...{ points: up - down, nothing: rerating.earning.reason },
      ...{ lots, replaced: own, order, lines, taken },
      arrearsRaised: Points.plus(short, sumOf(expired)),
      arrearsPaid: payArrearsFrom(account, unlapsed(left, at), rerating.arrearsPolicy),
      funders: byFunder(account, own),
    },
  };
  const settled = settledByRulebook(raised, { short, expired }, rerating.arrearsPolicy);
  return { kind: 'rerated', events: [event, ...settled] };
};

/** Which lots a fact has of which rule. */
const ratedLots = (
  account: Account,
  fact: FactState,
  byLine: boolean,
): ReadonlyMap<string, readonly LotId[]> => {
  const byRule = new Map<string, LotId[]>();
  fact.lots.forEach((lot, index) => {
    if (byLine && !fact.lines.some(({ points }) => (points[index] ?? 0) > 0)) return;
    const { rule } = lotStateOf(account, lot).lot;
    byRule.set(rule, [...(byRule.get(rule) ?? []), lot]);
  });
  return byRule;
};

/** The lots that go, the lots that come in their place, and what a line has of the latter. */
const replacedLots = (account: Account, fact: FactState, { earning, byLine }: Rerating) => {
  const before = ratedLots(account, fact, byLine ?? false);
  const lots = new Set<LotId>();
  const by: Omit<Lot, 'id'>[] = [];
  const columns: number[] = [];
  const rules = new Set([...before.keys(), ...earning.lots.map(({ rule }) => rule)]);
  for (const rule of rules) {
    const old = before.get(rule) ?? [];
    const index = earning.lots.findIndex((lot) => lot.rule === rule);
    const now = earning.lots[index];
    const same =
      now !== undefined &&
      old.length > 0 &&
      old.every((lot) => alike(lotStateOf(account, lot).lot, now)) &&
      (fact.lines.length === 0
        ? Points.total(old.map((lot) => lotStateOf(account, lot).lot.points)) === now.points
        : earning.lines.every(
            (line) =>
              Points.total(old.map((lot) => pointsOf(fact, line, lot))) === line.points[index],
          ));
    if (same) continue;
    for (const lot of old) lots.add(lot);
    if (now === undefined) continue;
    by.push(asActive(account, old, now));
    columns.push(index);
  }
  const columnsOf = ({ points }: EarnedLine) =>
    columns.map((index) => points[index] ?? Points.noPoints);
  return { lots, by, columnsOf };
};

/** What lapses after inactivity has the date that the account's activity gave the lot that it replaces. */
const asActive = (
  account: Account,
  [first]: readonly LotId[],
  now: Omit<Lot, 'id'>,
): Omit<Lot, 'id'> => {
  const before = first === undefined ? undefined : lotStateOf(account, first);
  return now.inactivity !== undefined && before?.lot.inactivity?.months === now.inactivity.months
    ? { ...now, expiresAt: before.expiresAt }
    : now;
};

/** But for their points and the version that gave them. */
const alike = (a: Lot, b: Omit<Lot, 'id'>): boolean =>
  a.kind === b.kind &&
  a.availableAt === b.availableAt &&
  a.expiresAt === b.expiresAt &&
  a.funder === b.funder &&
  a.qualifies === b.qualifies &&
  a.budget === b.budget &&
  a.inactivity?.months === b.inactivity?.months &&
  (a.counters ?? []).join() === (b.counters ?? []).join();

const pointsOf = (
  fact: FactState,
  { ordinal }: Pick<EarnedLine, 'ordinal'>,
  lot: LotId,
): Points.Points =>
  fact.lines.find((line) => line.ordinal === ordinal)?.points[fact.lots.indexOf(lot)] ??
  Points.noPoints;

/** What the fact still has of a lot: what came back of its lines has gone. */
const heldBefore = (account: Account, fact: FactState, lot: LotId): Points.Points => {
  if (fact.lines.length === 0) return lotStateOf(account, lot).lot.points;
  const index = fact.lots.indexOf(lot);
  let held = 0;
  for (const { points, reversed } of fact.lines)
    held += (points[index] ?? 0) - (reversed[index] ?? 0);
  return Points.points(held);
};

/**
 * Where replaced points come from: their own lots; then what comes in their place, so that a fact that earns as much as before changes
 * nothing else; then what else there is, as of a return. What had expired unspent nobody owes.
 */
const takeAgain = (
  account: Account,
  own: readonly Allocation[],
  lots: readonly Lot[],
  at: Instant,
) => {
  const expired: Allocation[] = [];
  const taken = new Map<LotId, Points.Points>();
  let wanted = Points.noPoints;
  const statesOf = withCameBack(account);
  for (const { lot: named, points } of own) {
    let gone = points;
    for (const { lot, remaining } of statesOf(named)) {
      const there = Points.least(remaining, gone);
      if (there > 0) taken.set(lot.id, there);
      gone = Points.minus(gone, there);
    }
    for (const { lot, expired: lapsed } of statesOf(named)) {
      const unspent = Points.least(gone, lapsed);
      if (unspent > 0) expired.push({ lot: lot.id, points: unspent });
      gone = Points.minus(gone, unspent);
    }
    wanted = Points.plus(wanted, gone);
  }
  const left: Lot[] = [];
  for (const lot of lots) {
    const points = Points.least(lot.points, wanted);
    wanted = Points.minus(wanted, points);
    if (points > 0) taken.set(lot.id, points);
    if (points < lot.points) left.push({ ...lot, points: Points.minus(lot.points, points) });
  }
  const others = [...spendable(account, at), ...pendingLots(account, at)].map(
    (state): LotState => ({
      ...state,
      remaining: Points.minus(state.remaining, taken.get(state.lot.id) ?? Points.noPoints),
    }),
  );
  const { allocations, short } = takeInOrder(others, wanted);
  for (const { lot, points } of allocations)
    taken.set(lot, Points.plus(taken.get(lot) ?? Points.noPoints, points));
  const listed = [...taken].map(([lot, points]): Allocation => ({ lot, points }));
  return { taken: listed, short, expired, left };
};

const byFunder = (
  account: Account,
  own: readonly Allocation[],
): { [funder: string]: Points.Points } => {
  const funders: { [funder: string]: Points.Points } = {};
  for (const { lot, points } of own) {
    const { funder } = lotStateOf(account, lot).lot;
    funders[funder] = Points.plus(funders[funder] ?? Points.noPoints, points);
  }
  return funders;
};
