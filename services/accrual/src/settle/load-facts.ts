import { ledgerStream, type AccountId, type ProgramId, type StreamName } from '@tallystick/kernel';
import {
  cardStream,
  factStream,
  namedOriginals,
  ownerAt,
  standingOfFact,
  type Fact,
  type FactStreamState,
} from '@tallystick/receipts';
import { programStream } from '../programs/catalog.js';
import { chainOf, homeOf } from './successors.js';
import type { Workspace } from './workspace.js';

/** What settling one fact can touch, as far as is known by now. */
interface Touched {
  readonly streams: readonly StreamName[];
  /** Of these accounts, all that ever happened is needed. */
  readonly whole: readonly StreamName[];
}

/**
 * Reads every stream that settling the facts can touch; returns which these are, per fact. What memory foresees (whose card it is, which
 * account was merged into which) is read by the first query; another one follows only where something new turned up.
 */
export const loadFacts = async (
  workspace: Workspace,
  facts: readonly Fact[],
): Promise<(fact: Fact) => readonly StreamName[]> => {
  const programs = [...new Set(facts.map(({ program }) => programStream(program)))];
  for (let more = true; more;) {
    const touched = facts.map((fact) => touchedBy(workspace, fact));
    const streams = touched.flatMap((one) => one.streams);
    more = await workspace.load(
      [...programs, ...streams],
      new Set(touched.flatMap(({ whole }) => whole)),
    );
  }
  return (fact) => touchedBy(workspace, fact).streams;
};

const touchedBy = (workspace: Workspace, fact: Fact): Touched => {
  const { program } = fact;
  const own = workspace.factIfLoaded(fact.id);
  const originals = namedOriginals(fact);
  const sales = originals.map((id) => workspace.factIfLoaded(id));
  const cards = [fact, ...sales.map((sale) => sale?.document)].flatMap((document) =>
    document?.card === null || document?.card === undefined ? [] : [document.card],
  );
  const owners = cards.flatMap((card) => {
    const owner = ownerAt(workspace.foreseenCard(program, card), fact.occurredAt);
    return owner === null ? [] : [owner.account];
  });
  const accounts = [...owners, ...[own, ...sales].flatMap(reached)].flatMap((account) =>
    chainOf(workspace, program, account),
  );
  return {
    streams: [
      ...[fact.id, ...originals].map(factStream),
      ...cards.map((card) => cardStream(program, card)),
      ...accounts.map((account) => ledgerStream(program, account)),
    ],
    whole: [...toldBy(workspace, fact, own), ...notAbsorbed(workspace, program, accounts)].map(
      (account) => ledgerStream(program, account),
    ),
  };
};

const reached = (state: FactStreamState | null): readonly AccountId[] => [
  ...(state?.pin?.parts.map(({ account }) => account) ?? []),
  ...(state?.left ?? []),
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
