import { forgottenBy, standingOf } from '@tallystick/ledger';
import {
  nothingOutcome,
  pinnedOutcome,
  revisionOf,
  type Fact,
  type FactOutcome,
  type Part,
  type Pin,
} from '@tallystick/receipts';
import type { AccountInHand, Workspace } from './workspace.js';

/** Whether the account's own stream says that this revision of a fact, or a later one, was applied: also when the account itself has forgotten it. */
export const isApplied = ({ applied }: AccountInHand, fact: Fact): boolean =>
  (applied.get(fact.id) ?? []).some(({ data }) => data.factRevision >= revisionOf(fact));

/** Why a pinned fact does nothing to an account, and never will; null when it has done something, or still can. */
export const closedReason = (account: AccountInHand, fact: Fact): string | null => {
  if (isApplied(account, fact)) return null;
  const named = { fact: fact.id, factRevision: revisionOf(fact), factHash: fact.hash };
  const standing = standingOf(account.state, named);
  if (standing.kind === 'merged') return `account-merged-into-${standing.into}`;
  const forgotten = forgottenBy(account.state, { ...named, occurredAt: fact.occurredAt });
  return forgotten === null ? null : `correction-after-${forgotten.rememberedFrom}-was-closed`;
};

/** What became of a pinned fact, from what the streams of its accounts say: the same answer however often it is asked. */
export const outcomeOfPin = (workspace: Workspace, fact: Fact, pin: Pin): FactOutcome => {
  const parts = pin.parts.map((part) => {
    const account = workspace.account(fact.program, part.account);
    return { part, account, reason: closedReason(account, fact) };
  });
  const closed = parts.flatMap(({ part, reason }) => (reason === null ? [] : [{ part, reason }]));
  const [first] = closed;
  const told = pinnedOutcome(
    fact,
    pin,
    parts.flatMap(({ account }) => account.applied.get(fact.id) ?? []),
  );
  if (first === undefined || pin.nothing !== null) return told;
  if (closed.length === parts.length)
    return { ...nothingOutcome(fact, first.reason), account: first.part.account };
  return withClosedLines(told, closed);
};

/** One part of a receipt found its account closed, another did not. */
const withClosedLines = (
  told: FactOutcome,
  closed: readonly { readonly part: Part; readonly reason: string }[],
): FactOutcome => {
  const reasons = new Map(
    closed.flatMap(({ part, reason }) => part.lines.map((ordinal) => [ordinal, reason] as const)),
  );
  return {
    ...told,
    lines: told.lines.map((line) => {
      const reason = reasons.get(line.ordinal);
      if (reason === undefined) return line;
      return { ordinal: line.ordinal, outcome: 'nothing', points: 0, reason };
    }),
  };
};
