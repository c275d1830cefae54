import { Exact, Points, invariant, unreachable } from '@tallystick/kernel';
import {
  emptyAccount,
  type Account,
  type FactState,
  type LineState,
  type LotState,
} from './account.js';
import type {
  Allocation,
  EarnReversed,
  LedgerEvent,
  LineReversal,
  Lot,
  PointsEarned,
  PointsRedeemed,
  RedemptionRefunded,
} from './events.js';

/** Folds one event into an account, in place; returns the same account. */
export const evolve = (account: Account, event: LedgerEvent): Account => {
  switch (event.type) {
    case 'AccountOpened':
      invariant(account.opened === null, 'an account is opened once');
      account.opened = event.data;
      return account;
    case 'PointsEarned':
      return earned(account, event.data);
    case 'EarnReversed':
      return reversed(account, event.data);
    case 'PointsRedeemed':
      return redeemed(account, event.data);
    case 'RedemptionRefunded':
      return refunded(account, event.data);
    default:
      return unreachable(event);
  }
};

export const fold = (events: Iterable<LedgerEvent>): Account => {
  const account = emptyAccount();
  for (const event of events) evolve(account, event);
  return account;
};

const earned = (account: Account, data: PointsEarned['data']): Account => {
  for (const lot of data.lots) putIn(account, lot, lot.points, lot.expiresAt);
  for (const reversal of data.reinstated) undoReversal(account, reversal);
  const fact = factOf(account, data);
  fact.card = data.card;
  fact.spendYear = data.spendYear;
  fact.lots = data.lots.map((lot) => lot.id);
  fact.reversals = [];
  fact.lines = data.lines.map((line) => ({
    ...line,
    returned: '0',
    reversed: line.points.map(() => Points.noPoints),
    spendReversedMinor: 0,
  }));
  for (const line of data.lines) addSpend(account, data.spendYear, line.spendMinor);
  account.totals.earned = Points.plus(account.totals.earned, data.points);
  payArrears(account, data.arrearsPaid);
  return account;
};

const reversed = (account: Account, data: EarnReversed['data']): Account => {
  const fact = factOf(account, data);
  for (const reversal of data.reversals) {
    const sale = saleOf(account, reversal);
    const line = lineOf(sale, reversal);
    applyToLine(sale, line, reversal, 1n);
    addSpend(account, sale.spendYear, -reversal.spendMinor);
    if (data.cause === 'return') fact.reversals.push(reversal);
  }
  for (const allocation of data.taken) takeOut(account, allocation);
  account.totals.reversed = Points.plus(account.totals.reversed, data.points);
  account.totals.arrearsRaised = Points.plus(account.totals.arrearsRaised, data.arrearsRaised);
  return account;
};

const redeemed = (account: Account, data: PointsRedeemed['data']): Account => {
  for (const allocation of data.allocations) takeOut(account, allocation);
  account.redemptions.set(data.redemption, {
    id: data.redemption,
    hash: data.factHash,
    points: data.points,
    kind: data.kind,
    allocations: data.allocations,
    refundedBy: null,
  });
  account.totals.redeemed = Points.plus(account.totals.redeemed, data.points);
  return account;
};

const refunded = (account: Account, data: RedemptionRefunded['data']): Account => {
  const redemption = account.redemptions.get(data.redemption);
  invariant(redemption !== undefined, `refund of an unknown redemption ${data.redemption}`);
  redemption.refundedBy = data.fact;
  for (const back of data.lots) {
    putIn(account, lotStateOf(account, back.lot).lot, back.points, back.expiresAt);
  }
  account.totals.refunded = Points.plus(account.totals.refunded, data.points);
  payArrears(account, data.arrearsPaid);
  return account;
};

const factOf = (
  account: Account,
  data: Pick<PointsEarned['data'], 'fact' | 'factRevision' | 'factHash' | 'occurredAt'>,
): FactState => {
  let fact = account.facts.get(data.fact);
  if (fact === undefined) {
    fact = {
      id: data.fact,
      revision: data.factRevision,
      hash: data.factHash,
      occurredAt: data.occurredAt,
      card: null,
      spendYear: '',
      lots: [],
      lines: [],
      reversals: [],
      sequence: account.facts.size,
    };
    account.facts.set(data.fact, fact);
  }
  fact.revision = data.factRevision;
  fact.hash = data.factHash;
  fact.occurredAt = data.occurredAt;
  return fact;
};

const lotStateOf = (account: Account, id: string): LotState => {
  const state = account.lots.get(id) ?? account.emptied.get(id);
  invariant(state !== undefined, `lot ${id} is known`);
  return state;
};

const putIn = (
  account: Account,
  lot: Lot,
  points: Points.Points,
  expiresAt: Lot['expiresAt'],
): void => {
  const state = account.lots.get(lot.id) ??
    account.emptied.get(lot.id) ?? { lot, remaining: Points.noPoints, expiresAt };
  state.remaining = Points.plus(state.remaining, points);
  state.expiresAt = expiresAt;
  account.emptied.delete(lot.id);
  (state.remaining > 0 ? account.lots : account.emptied).set(lot.id, state);
};

const takeOut = (account: Account, { lot, points }: Allocation): void => {
  const state = account.lots.get(lot);
  invariant(state !== undefined && state.remaining >= points, `lot ${lot} holds ${points}`);
  state.remaining = Points.minus(state.remaining, points);
  if (state.remaining === 0) {
    account.lots.delete(lot);
    account.emptied.set(lot, state);
  }
};

const payArrears = (account: Account, allocations: readonly Allocation[]): void => {
  for (const allocation of allocations) {
    takeOut(account, allocation);
    account.totals.arrearsPaid = Points.plus(account.totals.arrearsPaid, allocation.points);
  }
};

const addSpend = (account: Account, year: string, minor: number): void => {
  account.spend.set(
    year,
    Points.plus(Points.points(account.spend.get(year) ?? 0), Points.points(minor)),
  );
};

const saleOf = (account: Account, { fact }: LineReversal): FactState => {
  const sale = account.facts.get(fact);
  invariant(sale !== undefined, `sale ${fact} is known to the account`);
  return sale;
};

const lineOf = (sale: FactState, { ordinal }: LineReversal): LineState => {
  const line = sale.lines.find((candidate) => candidate.ordinal === ordinal);
  invariant(line !== undefined, `sale ${sale.id} has line ${ordinal}`);
  return line;
};

const applyToLine = (
  sale: FactState,
  line: LineState,
  reversal: LineReversal,
  sign: 1n | -1n,
): void => {
  const times = Exact.exact(sign);
  const by = Exact.multiply(Exact.exact(reversal.quantity), times);
  line.returned = Exact.toDecimal(Exact.add(Exact.exact(line.returned), by));
  line.spendReversedMinor += Number(sign) * reversal.spendMinor;
  for (const { lot, points } of reversal.lots) {
    const index = sale.lots.indexOf(lot);
    invariant(index >= 0, `lot ${lot} is of sale ${sale.id}`);
    line.reversed[index] = Points.plus(
      line.reversed[index] ?? Points.noPoints,
      Points.points(Number(sign) * points),
    );
  }
};

/** A corrected receipt no longer returns what its earlier revision returned: the sale holds it again. */
const undoReversal = (account: Account, reversal: LineReversal): void => {
  const sale = saleOf(account, reversal);
  const line = sale.lines.find((candidate) => candidate.ordinal === reversal.ordinal);
  // The sale itself may have been corrected meanwhile; then its lines are others now, and hold nothing of this return.
  if (line === undefined || !reversal.lots.every(({ lot }) => sale.lots.includes(lot))) return;
  if (Exact.compare(Exact.exact(line.returned), Exact.exact(reversal.quantity)) < 0) return;
  applyToLine(sale, line, reversal, -1n);
  addSpend(account, sale.spendYear, reversal.spendMinor);
};
