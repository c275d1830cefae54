import { readAccount, recording, successorOf, type Accounts } from '@tallystick/accounts';
import { sha256, type EventMetadata, type EventStore } from '@tallystick/event-store';
import type { AccountId, Clock, FactId } from '@tallystick/kernel';
import { evolve, type Account } from '@tallystick/ledger';
import {
  decodeFactEvent,
  emptyFactStream,
  evolveFactStream,
  factStream,
  rerateFact,
  revisionOf,
  type Fact,
  type ReratingRun,
} from '@tallystick/receipts';
import type { Birthdays } from '../settle/birthdays.js';
import { readTold } from '../settle/told.js';
import type { Rulebook, ToldAttributes } from '@tallystick/rulebook';
import { birthdaysAgain } from './birthdays-again.js';
import type { Tally } from './figures.js';
import type { ReratingRequested } from './rerating.js';

interface Parts {
  readonly store: EventStore;
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly birthdays: Birthdays;
}

/** A run on one programme, as it was asked for. */
export interface Run {
  readonly asked: ReratingRequested;
  readonly terms: ReratingRun;
  /** The wrong version. */
  readonly from: Rulebook;
}

const factsReadMax = 200;

/** What a run would do to an account, added to the tally. Writes nothing. */
export const countAccount = async (
  parts: Parts,
  run: Run,
  account: AccountId,
  tally: Tally,
): Promise<void> => {
  const { store, accounts, clock } = parts;
  const { asked, terms } = run;
  const state = await accounts.look(asked.program, account, (seen) =>
    candidates(seen, asked).length === 0 ? null : structuredClone(seen),
  );
  if (state === null) {
    tally.account(false, 0);
    return;
  }
  const { facts, skipped } = await documents(store, state, candidates(state, asked));
  const told = await toldAgain(parts, run, account, state.opened, facts);
  let changed = false;
  let ofBudget = 0;
  for (const fact of facts) {
    const decision = rerateFact(state, fact, terms, {
      ...{ at: clock(), digest: sha256, told: told(fact) },
    });
    if (decision.kind === 'of-budget') ofBudget += 1;
    if (decision.kind !== 'rerated') continue;
    changed = true;
    for (const event of decision.events) {
      if (event.type === 'EarningRerated') tally.fact(state, event.data);
      evolve(state, event);
    }
  }
  tally.account(changed, skipped + ofBudget);
};

/**
 * Posts a run on an account: each fact once, in the order in which the facts happened. What an earlier attempt has posted is known to
 * the account; the tally tells of both.
 */
export const postAccount = async (
  parts: Parts,
  run: Run,
  account: AccountId,
  tally: Tally,
  metadata: EventMetadata,
): Promise<void> => {
  const { asked, terms } = run;
  const { store, accounts } = parts;
  const open = await accounts.look(asked.program, account, (seen) => ({
    ids: candidates(seen, asked),
    opened: seen.opened,
    facts: new Map([...seen.facts].map(([id, { revision }]) => [id, { revision }])),
    done: [...seen.facts.values()].some(({ rerated }) => rerated?.includes(terms.run) === true),
  }));
  const { facts, skipped } = await documents(store, open, open.ids);
  const told = await toldAgain(parts, run, account, open.opened, facts);
  const outcomes = await Promise.all(
    facts.map((fact) => postFact(parts, run, { account, fact, told: told(fact) }, metadata)),
  );
  const changed = open.done || outcomes.includes('rerated');
  if (changed) await tellPosted(parts, run, account, tally);
  tally.account(changed, skipped + outcomes.filter((outcome) => outcome === 'of-budget').length);
  if (!outcomes.includes('merged')) return;
  // It became part of another account in between: what is left to do is there now.
  await postAccount(parts, run, await successorOf(parts, asked.program, account), tally, metadata);
};

/** What the new version asks of the account's members, as of each fact's moment. */
const toldAgain = async (
  parts: Parts,
  { asked: { program }, terms, from }: Run,
  account: AccountId,
  opened: Account['opened'],
  facts: readonly Fact[],
): Promise<(fact: Fact) => ToldAttributes> => {
  const to = terms.to.book;
  const told = await readTold(parts.store, { opened }, to);
  const birthdays = await birthdaysAgain(parts, { account, program, opened, facts, from, to });
  return (fact) => ({ ...told(fact.occurredAt), ...birthdays(fact) });
};

interface Posted {
  readonly account: AccountId;
  readonly fact: Fact;
  readonly told: ToldAttributes;
}

const postFact = (
  { accounts }: Parts,
  { asked, terms }: Run,
  { account, fact, told }: Posted,
  metadata: EventMetadata,
): Promise<'rerated' | 'of-budget' | 'merged' | 'nothing'> =>
  accounts.run(asked.program, account, {
    decide: (state, at) => {
      const decision = rerateFact(state, fact, terms, { at, digest: sha256, told });
      if (decision.kind === 'rerated') {
        const now = { ...metadata, occurredAt: at, recordedAt: at };
        return {
          kind: 'write',
          events: decision.events.map((event, index) => recording(terms.run, index, event, now)),
          answer: () => () => 'rerated',
        };
      }
      const { kind } = decision;
      const outcome = kind === 'merged' || kind === 'of-budget' ? kind : 'nothing';
      return { kind: 'answer', answer: () => outcome };
    },
  });

/** What the account's stream has of the run, whoever wrote it. */
const tellPosted = async (
  { store }: Parts,
  { asked, terms }: Run,
  account: AccountId,
  tally: Tally,
): Promise<void> => {
  await readAccount(store, asked.program, account, (event, _, after) => {
    if (event.type === 'EarningRerated' && event.data.run === terms.run)
      tally.fact(after, event.data);
  });
};

/** What the wrong version has rated and this run has not, in the order in which it happened. */
const candidates = (account: Account, asked: ReratingRequested): FactId[] =>
  account.merged !== null
    ? []
    : [...account.facts.values()]
        .filter(
          ({ rulebook, occurredAt }) =>
            rulebook === asked.from.version &&
            (asked.since === null || occurredAt >= asked.since) &&
            (asked.until === null || occurredAt < asked.until),
        )
        .sort((a, b) =>
          a.occurredAt === b.occurredAt
            ? a.sequence - b.sequence
            : a.occurredAt < b.occurredAt
              ? -1
              : 1,
        )
        .map(({ id }) => id);

/** The facts as they came. One whose next revision has come and has not reached the account is left to that. */
const documents = async (
  store: EventStore,
  account: { readonly facts: ReadonlyMap<FactId, { readonly revision: number }> },
  ids: readonly FactId[],
): Promise<{ readonly facts: readonly Fact[]; readonly skipped: number }> => {
  const facts: Fact[] = [];
  for (let from = 0; from < ids.length; from += factsReadMax) {
    const some = ids.slice(from, from + factsReadMax);
    const read = await store.readStreams(some.map(factStream));
    for (const id of some) {
      const events = read.get(factStream(id)) ?? [];
      const { state } = events.map(decodeFactEvent).reduce(evolveFactStream, emptyFactStream);
      if (state !== null && revisionOf(state.document) === account.facts.get(id)?.revision)
        facts.push(state.document);
    }
  }
  return { facts, skipped: ids.length - facts.length };
};

export const runOf = (
  asked: ReratingRequested,
  run: FactId,
  approvedBy: string,
  of: { readonly from: Rulebook; readonly to: ReratingRun['to'] },
): Run => {
  const { reason, requestedBy, from } = asked;
  const { to } = of;
  return { asked, terms: { run, reason, requestedBy, approvedBy, from, to }, from: of.from };
};
