import type { FactId } from '@tallystick/kernel';
import { topics } from '@tallystick/contracts';
import {
  decodeLedgerEvent,
  emptyAccount,
  evolve,
  postings,
  type Account,
  type LedgerEvent,
  type LotId,
  type Totals,
} from '@tallystick/ledger';
import { accountId } from '@tallystick/kernel';
import { programAndId } from '../views/stream-parts.js';
import type { Projection, StreamEvent } from '../views/projection.js';
import type { Change } from '../views/view.js';
import { awardOf, type Award } from './award.js';
import { statementEntry } from './statement-entry.js';
import { accounts, awards, lots, postingSums, statementEntries } from './tables.js';

export interface LedgerState {
  readonly stream: string;
  readonly program: string;
  readonly accountId: string;
  /** Folded by the domain's own `evolve`: the views hold no second opinion on what an event means. */
  readonly account: Account;
  readonly postings: Map<string, number>;
  readonly awards: Map<FactId, Award>;
  weight: number;
}

/** One account's stream becomes its figures, lots, statement, posting sums and awards. */
export const ledgerProjection: Projection<LedgerState> = {
  category: 'ledger',
  topic: topics.ledger.name,
  head: accounts,
  views: [accounts, lots, statementEntries, postingSums, awards],
  begin: (stream) => {
    const [program, account] = programAndId(stream);
    return {
      stream,
      program,
      accountId: account,
      account: emptyAccount(),
      postings: new Map(),
      awards: new Map(),
      weight: 1,
    };
  },
  fold: (state, stored) => {
    const event = decodeLedgerEvent(stored);
    evolve(state.account, event);
    state.weight += weightOf(event);
    return [
      accountChange(state, stored),
      ...[...touchedLots(event)].map((lot) => lotChange(state, lot)),
      entryChange(state, stored, event),
      ...postingChanges(state, event),
      ...awardChanges(state, event),
    ];
  },
  weigh: (state) => state.weight,
};

const accountChange = (state: LedgerState, stored: StreamEvent): Change => {
  const { stream, program, accountId: id, account } = state;
  const { totals, opened } = account;
  return {
    view: accounts,
    key: [stream],
    row: {
      stream,
      revision: stored.revision,
      position: stored.position.toString(),
      program,
      account: id,
      member: opened?.member ?? null,
      unit: opened?.unit ?? null,
      unspent: unspentOf(totals),
      earned: totals.earned,
      refunded: totals.refunded,
      redeemed: totals.redeemed,
      reversed: totals.reversed,
      arrears_raised: totals.arrearsRaised,
      arrears_paid: totals.arrearsPaid,
    },
  };
};

/** By the account's equation. That the lots hold as much is what the trial balance checks, and what counting them here would hide. */
const unspentOf = (totals: Totals): number =>
  totals.earned +
  totals.refunded +
  totals.arrearsRaised -
  (totals.redeemed + totals.reversed + totals.arrearsPaid);

/** The lots that an event puts points into or takes points from. */
const touchedLots = (event: LedgerEvent): ReadonlySet<LotId> => {
  switch (event.type) {
    case 'AccountOpened':
      return new Set();
    case 'PointsEarned':
      return new Set(event.data.lots.map((lot) => lot.id));
    case 'EarnReversed':
      return new Set(event.data.taken.map(({ lot }) => lot));
    case 'PointsRedeemed':
      return new Set(event.data.allocations.map(({ lot }) => lot));
    case 'RedemptionRefunded':
      return new Set(event.data.lots.map(({ lot }) => lot));
  }
};

const lotChange = (
  { stream, program, accountId: account, account: { lots: held } }: LedgerState,
  id: LotId,
): Change => {
  const state = held.get(id);
  const key = [stream, id];
  if (state === undefined) return { view: lots, key, row: null };
  const { lot, remaining, expiresAt } = state;
  return {
    view: lots,
    key,
    row: {
      stream,
      lot: id,
      program,
      account,
      points: lot.points,
      remaining,
      available_at: lot.availableAt,
      expires_at: expiresAt,
      rule: lot.rule,
      kind: lot.kind,
      funder: lot.funder,
      qualifies: lot.qualifies,
    },
  };
};

const entryChange = (
  { stream, program, accountId: account }: LedgerState,
  { revision, metadata }: StreamEvent,
  event: LedgerEvent,
): Change => {
  const entry = statementEntry(event, metadata.occurredAt);
  return {
    view: statementEntries,
    key: [stream, revision],
    row: {
      stream,
      revision,
      program,
      account,
      at: entry.at,
      recorded_at: metadata.recordedAt,
      type: event.type,
      points: entry.points,
      reason: entry.reason,
      fact: entry.fact,
      lots: entry.lots,
    },
  };
};

const postingChanges = (state: LedgerState, event: LedgerEvent): Change[] => {
  const { stream, program, accountId: account } = state;
  const touched = new Set<string>();
  for (const { account: posting, points } of postings(accountId(account), event)) {
    state.postings.set(posting, (state.postings.get(posting) ?? 0) + points);
    touched.add(posting);
  }
  return [...touched].map((posting) => ({
    view: postingSums,
    key: [stream, posting],
    row: { stream, posting, program, account, points: state.postings.get(posting) ?? 0 },
  }));
};

const awardChanges = (state: LedgerState, event: LedgerEvent): Change[] => {
  const award = awardOf((fact) => state.awards.get(fact), event);
  if (award === null) return [];
  state.awards.set(award.fact, award);
  const { stream, program } = state;
  const { fact, factRevision, earned, reversed, arrearsRaised, sells, reason } = award;
  return [
    {
      view: awards,
      key: [stream, fact],
      row: {
        stream,
        fact,
        program,
        fact_revision: factRevision,
        earned,
        reversed,
        arrears_raised: arrearsRaised,
        sells,
        reason,
      },
    },
  ];
};

/** In the units of `Projection.weigh`: what the state remembers of a fact is its lots and its lines. */
const weightOf = (event: LedgerEvent): number => {
  switch (event.type) {
    case 'AccountOpened':
      return 1;
    case 'PointsEarned':
      return 2 + event.data.lots.length + event.data.lines.length;
    case 'EarnReversed':
      return 1 + event.data.reversals.length;
    case 'PointsRedeemed':
      return 1 + event.data.allocations.length;
    case 'RedemptionRefunded':
      return 1;
  }
};
