import { Exact, Points, invariant } from '@tallystick/kernel';
import type { Account, FactState, LineState } from './account.js';
import type { EarnReversed, LineReversal, Lot, PointsEarned } from './events.js';
import { ownLots } from './given-back.js';
import { dayOf, noteCounters, noteDay, visited } from './history.js';
import { noteActivity } from './inactivity.js';
import { noteMemberships } from './memberships.js';
import { addSpend, count, lotStateOf, payArrears, putIn, takeOut } from './lots.js';

/** A fact's lots and lines are new; what an earlier revision of it had was reversed before. */
export const earned = (account: Account, data: PointsEarned['data']): Account => {
  for (const lot of data.lots) {
    putIn(account, lot, lot.points, lot.expiresAt);
    noteCounters(account, lot, lot.points);
  }
  for (const reversal of data.reinstated) undoReversal(account, reversal);
  const fact = factOf(account, data);
  if (visited(fact)) noteDay(account, dayOf(fact), { visits: -1 });
  fact.card = data.card;
  fact.spendYear = data.spendYear;
  fact.day = dayOf(data);
  fact.rulebook = data.rulebook.version;
  delete fact.firstPurchase;
  if (data.rated?.firstPurchase === true) fact.firstPurchase = true;
  fact.lots = data.lots.map((lot) => lot.id);
  if (data.adds !== true) fact.reversals = [];
  fact.lines = data.lines.map((line) => ({
    ...line,
    returned: '0',
    reversed: line.points.map(() => Points.noPoints),
    spendReversedMinor: 0,
  }));
  let spendMinor = 0;
  for (const line of data.lines) spendMinor += line.spendMinor;
  if (data.lines.length > 0) addSpend(account, data.spendYear, spendMinor);
  noteDay(account, fact.day, {
    spendMinor,
    points: qualifying(ownLots(data)),
    visits: visited(fact) ? 1 : 0,
  });
  noteMemberships(account, data.fact, fact.day, data.memberships);
  count(account, 'earned', data.points);
  payArrears(account, data.arrearsPaid);
  if (data.points > 0) noteActivity(account, data.occurredAt);
  return account;
};

export const reversed = (account: Account, data: EarnReversed['data']): Account => {
  const fact = factOf(account, data);
  for (const reversal of data.reversals) {
    const sale = saleOf(account, reversal);
    const line = lineOf(sale, reversal);
    takeFrom(account, sale, line, reversal, 1n);
    for (const { lot, points } of reversal.lots)
      noteCounters(account, lotStateOf(account, lot).lot, -points);
    if (data.cause === 'return') fact.reversals.push({ ...reversal, product: line.product });
  }
  for (const allocation of data.taken) takeOut(account, allocation);
  count(account, 'reversed', data.points);
  count(account, 'arrearsRaised', data.arrearsRaised);
  return account;
};

const qualifying = (lots: readonly Pick<Lot, 'qualifies' | 'points'>[]): number =>
  lots.reduce((sum, { qualifies, points }) => sum + (qualifies ? points : 0), 0);

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
      sequence: account.factsApplied,
    };
    account.factsApplied += 1;
    account.facts.set(data.fact, fact);
  }
  fact.revision = data.factRevision;
  fact.hash = data.factHash;
  fact.occurredAt = data.occurredAt;
  return fact;
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

/** What comes back of a sold line counts no more on the day of its sale; with `sign` -1 it does again. */
const takeFrom = (
  account: Account,
  sale: FactState,
  line: LineState,
  reversal: LineReversal,
  sign: 1n | -1n,
): void => {
  const before = visited(sale);
  applyToLine(sale, line, reversal, sign);
  const spendMinor = -Number(sign) * reversal.spendMinor;
  addSpend(account, sale.spendYear, spendMinor);
  const points = reversal.lots.map((allocation) => ({
    qualifies: lotStateOf(account, allocation.lot).lot.qualifies,
    points: allocation.points,
  }));
  noteDay(account, dayOf(sale), {
    spendMinor,
    points: -Number(sign) * qualifying(points),
    visits: Number(visited(sale)) - Number(before),
  });
};

/** A corrected receipt no longer returns what its earlier revision returned: the sale holds it again. */
const undoReversal = (account: Account, reversal: LineReversal): void => {
  const sale = saleOf(account, reversal);
  const line = sale.lines.find((candidate) => candidate.ordinal === reversal.ordinal);
  // The sale itself may have been corrected meanwhile; then its lines are others now, and hold nothing of this return.
  if (line === undefined || !reversal.lots.every(({ lot }) => sale.lots.includes(lot))) return;
  if (Exact.compare(Exact.exact(line.returned), Exact.exact(reversal.quantity)) < 0) return;
  takeFrom(account, sale, line, reversal, -1n);
};
