import { forgottenBy } from '@tallystick/ledger';
import {
  nothingOutcome,
  pinnedOutcome,
  revisionOf,
  unpostedOutcome,
  type Fact,
  type FactOutcome,
  type Part,
  type Pin,
} from '@tallystick/receipts';
import type { AccountInHand } from './account-in-hand.js';
import { chainOf, homeOf } from './successors.js';
import type { Workspace } from './workspace.js';

/**
 * Whether a part of a fact, or of a later revision of it, was applied, as the streams say of the account that it is pinned to and of that
 * one's successors: also when the account itself has forgotten it, or the successor was never told.
 */
export const isApplied = (workspace: Workspace, fact: Fact, { account }: Part): boolean =>
  accountsOf(workspace, fact, account).some((one) =>
    one.appliedBy(fact.id).some(({ data }) => data.factRevision >= revisionOf(fact)),
  );

/** Why a fact that corrects an earlier one can change nothing any more; null when it can. */
export const closedReason = (workspace: Workspace, fact: Fact, pin: Pin): string | null => {
  const named = {
    fact: fact.id,
    factRevision: revisionOf(fact),
    occurredAt: fact.occurredAt,
  };
  for (const { account } of pin.parts) {
    const home = homeOf(workspace, fact.program, account);
    const forgotten = forgottenBy(workspace.account(fact.program, home).state, named);
    if (forgotten !== null) return `correction-after-${forgotten.rememberedFrom}-was-closed`;
  }
  return null;
};

/** What became of a pinned fact, from what the streams of its accounts say: the same answer however often it is asked. */
export const outcomeOfPin = (workspace: Workspace, fact: Fact, pin: Pin): FactOutcome => {
  if (pin.nothing === null && !pin.parts.every((part) => isApplied(workspace, fact, part))) {
    const closed = closedReason(workspace, fact, pin);
    return closed === null ? unpostedOutcome(fact) : nothingOutcome(fact, closed);
  }
  const accounts = new Set(
    pin.parts.flatMap(({ account }) => accountsOf(workspace, fact, account)),
  );
  const told = pinnedOutcome(
    fact,
    pin,
    [...accounts].flatMap((account) => account.appliedBy(fact.id)),
  );
  if (told.account === null) return told;
  const [first] = pin.parts;
  return first === undefined
    ? told
    : { ...told, account: homeOf(workspace, fact.program, first.account) };
};

/** An account and its successors. What was pinned before this delivery may have been applied to any of them, long ago. */
const accountsOf = (
  workspace: Workspace,
  { id, program }: Fact,
  account: Part['account'],
): readonly AccountInHand[] =>
  chainOf(workspace, program, account).map((name) => {
    const one = workspace.account(program, name);
    if (one.missing(true) !== null && !workspace.isPinnedHere(id))
      throw new Error(`what account ${name} ever did was not loaded`);
    return one;
  });
