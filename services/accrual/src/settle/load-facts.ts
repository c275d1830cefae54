import { ledgerStream, type AccountId, type ProgramId, type StreamName } from '@tallystick/kernel';
import {
  budgetStream,
  cardStream,
  factStream,
  ownerAt,
  standingOfFact,
  type Fact,
  type FactStreamState,
} from '@tallystick/receipts';
import type { Carried } from '@tallystick/ledger';
import { budgetsAsked, type Rulebook } from '@tallystick/rulebook';
import type { AccountInHand } from './account-in-hand.js';
import { programStream, rulebookAt, rulebookOf, type Program } from '../programs/catalog.js';
import { givesBack, hasBudgets } from './budgets.js';
import { isApplied } from './outcome-of-pin.js';
import { everNamed, followersOf } from './settle-fact.js';
import { chainOf, homeOf } from './successors.js';
import { asksOfMembers, memberStreamOf } from './told.js';
import type { Workspace } from './workspace.js';

/** What settling one fact can touch, as far as is known by now. */
interface Touched {
  /** With the returns that follow it. */
  readonly facts: readonly Fact[];
  readonly accounts: readonly AccountId[];
  readonly streams: readonly StreamName[];
  /** Of these accounts, all that ever happened is needed. */
  readonly whole: readonly StreamName[];
}

/**
 * Reads every stream that settling the facts can touch; returns which these are, per fact. What memory foresees (whose card it is, which
 * account was merged into which) is read by the first query; another one follows only where something new turned up. `takers`:
 * accounts that the facts may be given to, though nothing of them leads there yet.
 */
export const loadFacts = async (
  workspace: Workspace,
  facts: readonly Fact[],
  takers: readonly AccountId[] = [],
): Promise<(fact: Fact) => readonly StreamName[]> => {
  const programs = new Set(facts.map(({ program }) => programStream(program)));
  const touched = new Map<Fact, Touched>();
  for (let more = true; more;) {
    const streams = new Set<StreamName>(programs);
    const whole = new Set<StreamName>();
    for (const fact of facts) {
      const one = touchedBy(workspace, fact, takers);
      touched.set(fact, one);
      for (const stream of one.streams) streams.add(stream);
      for (const stream of one.whole) whole.add(stream);
    }
    more = await workspace.load(streams, whole);
  }
  return (fact) => touched.get(fact)?.streams ?? touchedBy(workspace, fact, takers).streams;
};

/** With a fact the returns are settled that follow it, to whichever account it goes. */
export const touchedBy = (
  workspace: Workspace,
  fact: Fact,
  takers: readonly AccountId[],
): Touched => {
  const { program } = fact;
  const returns = [...followersOf(workspace, fact)];
  const facts = [fact, ...returns.flatMap((id) => workspace.factIfLoaded(id)?.document ?? [])];
  const reaches = facts.map((one) => reachOf(workspace, one));
  const accounts = unique([
    ...takers.flatMap((account) => chainOf(workspace, program, account)),
    ...reaches.flatMap((reach) => reach.accounts),
  ]);
  const budgets = facts.map((one) => budgetsOf(workspace, one, accounts));
  const told = [
    ...facts.flatMap((one) => toldBy(workspace, one, workspace.factIfLoaded(one.id))),
    ...notAbsorbed(workspace, program, accounts),
  ];
  return {
    facts,
    accounts,
    streams: [
      ...reaches.flatMap(({ streams }) => streams),
      ...returns.map(factStream),
      ...accounts.map((account) => ledgerStream(program, account)),
      ...budgets.flat(),
      ...facts.flatMap((one) => membersOf(workspace, one, accounts)),
    ],
    whole: [
      ...told.map((account) => ledgerStream(program, account)),
      ...facts.flatMap((one, index) => {
        const asked = budgets[index] ?? [];
        const cutOff = asked.length > 0 && isCutOff(workspace, one, workspace.factIfLoaded(one.id));
        return cutOff ? asked : [];
      }),
    ],
  };
};

interface Reach {
  /** Of facts and cards. */
  readonly streams: readonly StreamName[];
  readonly accounts: readonly AccountId[];
}

/** Where one fact leads by itself. */
const reachOf = (workspace: Workspace, fact: Fact): Reach => {
  const { program } = fact;
  const own = workspace.factIfLoaded(fact.id);
  const originals = everNamed(workspace, fact);
  const sales = originals.map((id) => workspace.factIfLoaded(id));
  const cards = [fact, ...sales.map((sale) => sale?.document)].flatMap((document) =>
    document?.card === null || document?.card === undefined ? [] : [document.card],
  );
  const owners = cards.flatMap((card) => {
    const owner = ownerAt(workspace.foreseenCard(program, card), fact.occurredAt);
    return owner === null ? [] : [owner.account];
  });
  return {
    streams: [
      ...[fact.id, ...originals].map(factStream),
      ...cards.map((card) => cardStream(program, card)),
    ],
    accounts: [...owners, ...[own, ...sales].flatMap(reached)].flatMap((account) =>
      chainOf(workspace, program, account),
    ),
  };
};

const unique = <T>(items: readonly T[]): readonly T[] => [...new Set(items)];

/** Reads an account with all that it became part of, so that its successor can take over what led to it. */
export const loadAccount = async (
  workspace: Workspace,
  program: ProgramId,
  account: AccountId,
): Promise<void> => {
  for (let more = true; more;) {
    const accounts = chainOf(workspace, program, account);
    const streams = accounts.map((one) => ledgerStream(program, one));
    const whole = notAbsorbed(workspace, program, accounts).map((one) =>
      ledgerStream(program, one),
    );
    more = await workspace.load([programStream(program), ...streams], new Set(whole));
  }
};

/** The budgets that rating a fact may ask, and those that it may give back to. */
const budgetsOf = (
  workspace: Workspace,
  fact: Fact,
  accounts: readonly AccountId[],
): readonly StreamName[] => {
  const program = workspace.program(fact.program);
  if (program === null || !hasBudgets(program)) return [];
  const names = new Set(
    booksOf(workspace, program, fact).flatMap((book) =>
      budgetsAsked(fact, book).map(({ name }) => name),
    ),
  );
  if (givesBack(fact)) {
    for (const account of accounts) {
      const one = workspace.accountIfLoaded(fact.program, account);
      const lots = [one?.state.lots.values(), one?.state.emptied.values(), leftBy(one)];
      for (const { lot } of lots.flatMap((some) => [...(some ?? [])]))
        if (lot.budget !== undefined) names.add(lot.budget);
    }
  }
  return [...names].map((name) => budgetStream(fact.program, name));
};

/** What an account took along to its successor, which may not have it yet. */
const leftBy = (account: AccountInHand | undefined): Carried['lots'] | undefined =>
  account?.left()?.merge.carried.lots;

/** What is told of the members whose accounts these are, where the rulebook asks it. */
const membersOf = (
  workspace: Workspace,
  fact: Fact,
  accounts: readonly AccountId[],
): readonly StreamName[] => {
  const program = workspace.program(fact.program);
  if (program === null || !booksOf(workspace, program, fact).some(asksOfMembers)) return [];
  return accounts.flatMap((account) => {
    const state = workspace.accountIfLoaded(fact.program, account)?.state;
    return state === undefined ? [] : (memberStreamOf(state) ?? []);
  });
};

/** The version in force when it happened, and the one that it was pinned to. */
export const booksOf = (
  workspace: Workspace,
  program: Program,
  fact: Fact,
): readonly Rulebook[] => {
  const standing = standingOfFact(workspace.factIfLoaded(fact.id), fact);
  const pinned = standing.kind === 'pinned' ? standing.pin.rulebook : null;
  return [
    rulebookAt(program, fact.occurredAt),
    pinned === null ? null : rulebookOf(program, pinned),
  ].flatMap((found) => found?.book ?? []);
};

/** A fact that was pinned and not applied in full: what it took of a budget may be counted already. */
const isCutOff = (workspace: Workspace, fact: Fact, state: FactStreamState | null): boolean => {
  const standing = standingOfFact(state, fact);
  return (
    standing.kind === 'pinned' &&
    standing.pin.parts.some(
      (part) =>
        chainOf(workspace, fact.program, part.account).every(
          (account) => workspace.accountIfLoaded(fact.program, account)?.missing(true) === null,
        ) && !isApplied(workspace, fact, part),
    )
  );
};

const reached = (state: FactStreamState | null): readonly AccountId[] => [
  ...(state?.pin?.parts.map(({ account }) => account) ?? []),
  ...(state?.left ?? []),
  ...(state?.moved ?? []),
  ...(state?.claimedBy === undefined || state.claimedBy === null ? [] : [state.claimedBy]),
];

/** A fact that was pinned before: what it did, the streams of its accounts say. */
const toldBy = (
  workspace: Workspace,
  fact: Fact,
  state: FactStreamState | null,
): readonly AccountId[] => {
  const standing = standingOfFact(state, fact);
  return standing.kind === 'pinned'
    ? standing.pin.parts.flatMap(({ account }) => chainOf(workspace, fact.program, account))
    : [];
};

/** Accounts that left for a successor which has not taken them over: how they left is needed. */
const notAbsorbed = (
  workspace: Workspace,
  program: ProgramId,
  accounts: readonly AccountId[],
): readonly AccountId[] =>
  accounts.filter((account) => {
    const home = homeOf(workspace, program, account);
    if (home === account || workspace.accountIfLoaded(program, account)?.left() !== null)
      return false;
    return workspace.accountIfLoaded(program, home)?.state.absorbed.has(account) === false;
  });
