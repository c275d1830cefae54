import type { AccountId, StreamName } from '@tallystick/kernel';
import { standingOfFact, type Fact } from '@tallystick/receipts';
import type { BirthdayQuestion } from './birthdays.js';
import { loadFacts, touchedBy, booksOf } from './load-facts.js';
import { isApplied } from './outcome-of-pin.js';
import { everNamed } from './settle-fact.js';
import { birthdayQuestion } from './told.js';
import type { Workspace } from './workspace.js';

/**
 * Reads what `loadFacts` does, and asks enrollment, all at once, what rating the facts needs to know of birthdays. Where enrollment is
 * away nothing is thrown: those facts will be that cannot be rated without it, when it is their turn.
 */
export const loadToRate = async (
  workspace: Workspace,
  facts: readonly Fact[],
  takers: readonly AccountId[] = [],
): Promise<(fact: Fact) => readonly StreamName[]> => {
  const streams = await loadFacts(workspace, facts, takers);
  await workspace.askBirthdays(facts.flatMap((fact) => questionsOf(workspace, fact, takers)));
  return streams;
};

const questionsOf = (
  workspace: Workspace,
  fact: Fact,
  takers: readonly AccountId[],
): readonly BirthdayQuestion[] => {
  const program = workspace.program(fact.program);
  if (program === null || program.versions.every(({ book }) => book.birthday === undefined))
    return [];
  const { facts, accounts } = touchedBy(workspace, fact, takers);
  const states = accounts.flatMap(
    (account) => workspace.accountIfLoaded(fact.program, account)?.state ?? [],
  );
  return facts
    .filter((one) => mayBeRated(workspace, one))
    .flatMap((one) =>
      booksOf(workspace, program, one).flatMap((book) =>
        // A card may name its member before the account is open.
        [...states, { opened: null }].flatMap(
          (state) => birthdayQuestion(workspace, state, book, one) ?? [],
        ),
      ),
    );
};

/** What was rated long ago, and stays where it is, is answered from the streams. */
const mayBeRated = (workspace: Workspace, fact: Fact): boolean => {
  const standing = standingOfFact(workspace.factIfLoaded(fact.id), fact);
  if (standing.kind !== 'pinned') return standing.kind === 'new' || standing.kind === 'waiting';
  const { parts, waits } = standing.pin;
  const stays =
    fact.card !== null && waits === undefined && everNamed(workspace, fact).length === 0;
  return !stays || !parts.every((part) => isApplied(workspace, fact, part));
};
