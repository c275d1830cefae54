import type { AccountId } from '@tallystick/kernel';
import { forgottenBy } from '@tallystick/ledger';
import {
  accountsLeft,
  mainAccount,
  nothingOutcome,
  pinnedOutcome,
  revisionOf,
  unpostedOutcome,
  type Fact,
  type FactOutcome,
  type Part,
  type Pin,
} from '@tallystick/receipts';
import type { AccountInHand, Applied } from './account-in-hand.js';
import { chainOf, homeOf } from './successors.js';
import type { Workspace } from './workspace.js';

/**
 * Whether a part of a fact, or of a later revision of it, was applied, as the streams say of the account that it is pinned to and of that
 * one's successors: also when the account itself has forgotten it, or the successor was never told.
 */
export const isApplied = (workspace: Workspace, fact: Fact, part: Part): boolean =>
  openOf(workspace, fact, part) === null;

/** The lines of a part that were not applied yet; null: none is open. A part without lines may be open, too: something is to be taken back. */
export const openOf = (workspace: Workspace, fact: Fact, part: Part): readonly number[] | null => {
  const applied = appliedOf(workspace, fact, part);
  if (applied.length === 0) return part.lines;
  if (applied.some(({ data }) => data.factRevision > revisionOf(fact))) return null;
  const done = new Set(applied.flatMap(linesOf));
  const open = part.lines.filter((line) => !done.has(line));
  return open.length === 0 ? null : open;
};

/** What a fact, by this revision or a later one, did where a part of it goes. */
export const appliedOf = (
  workspace: Workspace,
  fact: Fact,
  { account }: Part,
): readonly Applied[] =>
  accountsOf(workspace, fact, account)
    .flatMap((one) => one.appliedBy(fact.id))
    .filter(({ data }) => data.factRevision >= revisionOf(fact));

/** The lines of a receipt that an event tells of. */
const linesOf = ({ type, data }: Applied): readonly (number | null)[] =>
  type === 'EarnReversed'
    ? [
        ...data.reversals.map(({ returnedBy }) => returnedBy),
        ...data.unmatched.map(({ ordinal }) => ordinal),
      ]
    : data.lines.map(({ ordinal }) => ordinal);

/** Whether no revision of a fact before this one had anything at an account, or at one that became part of it, as the fact's own stream says. */
export const isFirstAt = (workspace: Workspace, fact: Fact, home: AccountId): boolean =>
  !accountsLeft(fact, workspace.factIfLoaded(fact.id)).some(
    (account) => homeOf(workspace, fact.program, account) === home,
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
    const first = isFirstAt(workspace, fact, home) ? { first: true as const } : {};
    const forgotten = forgottenBy(workspace.account(fact.program, home).state, {
      ...named,
      ...first,
    });
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
  const told = pinnedOutcome(fact, pin, [
    ...new Set(
      pin.parts.flatMap((part) =>
        accountsOf(workspace, fact, part.account)
          .flatMap((account) => account.appliedBy(fact.id))
          .filter((event) => isOfPart(event, part)),
      ),
    ),
  ]);
  const account = mainAccount(pin);
  return told.account === null || account === null
    ? told
    : { ...told, account: homeOf(workspace, fact.program, account) };
};

/** What a return took back at an account is told no more when the sale has left that account, and the return with it. */
const isOfPart = (event: Applied, { lines }: Part): boolean =>
  event.type !== 'EarnReversed' ||
  event.data.cause !== 'return' ||
  linesOf(event).some((line) => line !== null && lines.includes(line));

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
