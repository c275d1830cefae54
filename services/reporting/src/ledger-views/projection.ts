import { topics } from '@tallystick/contracts';
import {
  evolve,
  heldOf,
  postings,
  type Account,
  type LedgerEvent,
  type LotId,
} from '@tallystick/ledger';
import { accountId } from '@tallystick/kernel';
import type { Projection, StreamEvent } from '../views/projection.js';
import type { Change } from '../views/view.js';
import { awardOf } from './award.js';
import { heldColumns } from './held.js';
import { beginLedger, type LedgerState } from './ledger-state.js';
import { touchedLots, weightOf } from './reach.js';
import { resumeLedger } from './resume.js';
import { statementEntry } from './statement-entry.js';
import { accounts, awards, lots, postingSums, statementEntries } from './tables.js';

/** One account's stream becomes its figures, lots, statement, posting sums and awards. */
export const ledgerProjection: Projection<LedgerState> = {
  category: 'ledger',
  topic: topics.ledger.name,
  head: accounts,
  views: [accounts, lots, statementEntries, postingSums, awards],
  begin: (stream) => beginLedger(stream),
  resume: resumeLedger,
  fold: (state, stored) => {
    const event = state.reader.read(stored);
    // A part moves nothing but how far the stream is folded: what it is of comes with its head.
    if (event === null) return [accountChange(state, stored)];
    evolve(state.account, event);
    state.weight += weightOf(event);
    return [
      accountChange(state, stored),
      ...[...touchedLots(event), ...prolongedLots(state.account)].map((lot) =>
        lotChange(state, lot),
      ),
      entryChange(state, stored, event),
      ...postingChanges(state, event),
      ...awardChanges(state, event),
    ];
  },
  weigh: (state) => state.weight,
};

/** Lots that lapse after inactivity: whatever the account does may have moved their dates. */
const prolongedLots = ({ inactivity, lots: held }: Account): readonly LotId[] =>
  inactivity
    ? [...held.values()].flatMap(({ lot }) => (lot.inactivity === undefined ? [] : [lot.id]))
    : [];

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
      unspent: unspentOf(account),
      held: heldOf(account),
      opening: totals.opening,
      earned: totals.earned,
      transferred_in: totals.transferredIn,
      adjusted_up: totals.adjustedUp,
      refunded: totals.refunded,
      redeemed: totals.redeemed,
      reversed: totals.reversed,
      expired: totals.expired,
      transferred_out: totals.transferredOut,
      adjusted_down: totals.adjustedDown,
      arrears_raised: totals.arrearsRaised,
      arrears_paid: totals.arrearsPaid,
      merged_into: account.merged?.into ?? null,
      inactivity: account.inactivity,
      ...heldColumns(account),
    },
  };
};

/** By the account's equation. That the lots hold as much is what the trial balance checks, and what counting them here would hide. */
const unspentOf = (account: Account): number => {
  const of = account.totals;
  const cameIn =
    of.opening + of.earned + of.transferredIn + of.adjustedUp + of.refunded + of.arrearsRaised;
  const wentOut =
    of.redeemed + of.reversed + of.expired + of.transferredOut + of.adjustedDown + of.arrearsPaid;
  return cameIn - wentOut - heldOf(account);
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
