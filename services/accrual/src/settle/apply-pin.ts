import { sha256 } from '@tallystick/event-store';
import type { AccountId, FactId, Instant } from '@tallystick/kernel';
import { cameBackHere, type CameBack, type FactState } from '@tallystick/ledger';
import {
  accountsLeft,
  applyLateReturns,
  applyPart,
  isReceipt,
  revisionOf,
  type Fact,
  type FactOutcome,
  type Part,
  type Pin,
} from '@tallystick/receipts';
import { rulebookOf, type Program } from '../programs/catalog.js';
import { BudgetDraw, ordinalsApart } from './budgets.js';
import { appliedOf, closedReason, isFirstAt, openOf, outcomeOfPin } from './outcome-of-pin.js';
import type { Arrival } from './settle-fact.js';
import { arriveAt, homeOf } from './successors.js';
import { toldOf } from './told.js';
import type { Workspace } from './workspace.js';

/** An account that membership has not told of yet: its link came first, and it will come. */
export class AccountNotOpen extends Error {
  constructor(account: string) {
    super(`account ${account} is not open yet`);
    this.name = 'AccountNotOpen';
  }
}

/** The account was read after the fact's own stream, and knows more than that: somebody settled the fact in between. Both are to be read again. */
export class ReadApart extends Error {
  constructor(account: string, answer: string) {
    super(`account ${account} knows a fact that it had not got: ${answer}`);
    this.name = 'ReadApart';
  }
}

/** Applies what is pinned and not applied yet. */
export const applyPin = (
  workspace: Workspace,
  program: Program,
  arrival: Arrival,
  pin: Pin,
  at: Instant,
): FactOutcome => {
  const { fact, metadata } = arrival;
  if (pin.parts.every((part) => openOf(workspace, fact, part) === null))
    return outcomeOfPin(workspace, fact, pin);
  // What earlier revisions brought is taken back where it is by now, also when a crash came between this pin and that.
  for (const account of accountsLeft(fact, workspace.factIfLoaded(fact.id)))
    arriveAt(workspace, program, account, at);
  const now = pinNow(workspace, program, arrival, pin, at);
  const returned = now.parts.map(({ account }) => ({
    account,
    lines: returnedOf(workspace, fact, account),
  }));
  const begun = now.parts.filter((part) => appliedOf(workspace, fact, part).length > 0);
  const draw = new BudgetDraw(workspace, program, fact, begun);
  for (const part of now.parts) {
    const lines = openOf(workspace, fact, part);
    if (now.rulebook === null || lines === null) continue;
    const { account } = part;
    if (workspace.account(fact.program, account).state.opened === null)
      throw new AccountNotOpen(account);
    const state = workspace.toDecideOn(fact.program, account);
    const elsewhere = returned.filter((other) => other.account !== account);
    const rulebook = rulebookOf(program, now.rulebook);
    const before = draw.usedAt(account);
    const earlier = begun.filter((one) => homeOf(workspace, program.id, one.account) === account);
    const firstOrdinal = firstOrdinalOf(workspace, fact, now.parts.indexOf(part), earlier);
    draw.resume(account, firstOrdinal, metadata);
    const decision = applyPart(state, fact, { account, lines }, rulebook, {
      at,
      digest: sha256,
      budgets: draw.left(rulebook.book, now.parts),
      told: toldOf(workspace, state, rulebook.book, fact),
      cameBackElsewhere: elsewhere.flatMap((other) => other.lines),
      adds: earlier.length > 0,
      first: isFirstAt(workspace, fact, account),
    });
    if (decision.kind !== 'applied') throw new ReadApart(account, decision.kind);
    const { events } = decision;
    workspace.recordLedger(program.id, account, fact.id, events, metadata, firstOrdinal);
    draw.record(account, before, events, metadata, firstOrdinal);
  }
  return outcomeOfPin(workspace, fact, now);
};

const firstOrdinalOf = (
  workspace: Workspace,
  fact: Fact,
  index: number,
  earlier: readonly Part[],
): number => {
  const times = earlier.flatMap((part) => appliedOf(workspace, fact, part)).length;
  return index * ordinalsApart.accounts + times * ordinalsApart.times;
};

/** Takes back what a return that its accounts have applied could not: the sale that it names has come to one of them since, or holds more. */
export const takeLateReturns = (
  workspace: Workspace,
  program: Program,
  { fact, metadata }: Arrival,
  at: Instant,
): void => {
  const pin = workspace.fact(fact.id)?.pin ?? null;
  if (!isReceipt(fact) || pin === null || pin.rulebook === null) return;
  const rulebook = rulebookOf(program, pin.rulebook);
  for (const [index, part] of pin.parts.entries()) {
    const account = homeOf(workspace, program.id, part.account);
    const applied = returnsTaken(workspace, fact, part, account);
    if (part.lines.length === 0 || applied?.revision !== revisionOf(fact)) continue;
    const draw = new BudgetDraw(workspace, program, fact, pin.parts);
    const before = draw.usedAt(account);
    const firstOrdinal = firstOrdinalOf(workspace, fact, index, [part]);
    draw.resume(account, firstOrdinal, metadata);
    const state = workspace.toDecideOn(program.id, account);
    const events = applyLateReturns(state, fact, part, rulebook, at, applied);
    if (events.length === 0) continue;
    workspace.recordLedger(program.id, account, fact.id, events, metadata, firstOrdinal);
    draw.record(account, before, events, metadata, firstOrdinal);
  }
};

/** What a receipt has taken back at an account: where that one may have forgotten it, or a part of it, its stream says. */
const returnsTaken = (
  workspace: Workspace,
  fact: Fact,
  part: Part,
  account: AccountId,
): Pick<FactState, 'revision' | 'reversals'> | undefined => {
  const { facts, rememberedFrom } = workspace.account(fact.program, account).state;
  if (rememberedFrom === null || fact.occurredAt >= rememberedFrom) return facts.get(fact.id);
  const applied = appliedOf(workspace, fact, part);
  return applied.length === 0
    ? undefined
    : {
        revision: Math.max(...applied.map(({ data }) => data.factRevision)),
        reversals: applied.flatMap(({ type, data }) =>
          type === 'EarnReversed' && data.cause === 'return' ? data.reversals : [],
        ),
      };
};

/**
 * What had come back of an earlier revision's lines at one of the accounts that a correction goes to; but for what receipts return that
 * name it, which follow it.
 */
const returnedOf = (workspace: Workspace, fact: Fact, account: AccountId): readonly CameBack[] => {
  const { state } = workspace.account(fact.program, account);
  const earlier = state.facts.get(fact.id);
  if (earlier === undefined || (earlier.revision >= revisionOf(fact) && earlier.lines.length > 0))
    return [];
  return cameBackHere(state, fact.id, followersOf(workspace, fact.id));
};

const followersOf = (workspace: Workspace, sale: FactId): ReadonlySet<FactId> =>
  new Set(workspace.returnedBy(sale).keys());

/**
 * What corrects a receipt that one of its accounts does not remember any more changes nothing anywhere: what that one did stays. So it is
 * with what brings more than an account takes.
 */
export const asItCanBe = (workspace: Workspace, { fact, beyondLimits }: Arrival, pin: Pin): Pin => {
  const nothing =
    beyondLimits === true && pin.nothing === null
      ? 'beyond-limit'
      : closedReason(workspace, fact, pin);
  return nothing === null ? pin : { rulebook: pin.rulebook, parts: [], nothing };
};

/**
 * Where a fact goes by now whose pin was not acted on in full: an account may have been merged away between the two, then its successor
 * gets what it did not get; or it has closed a period, and has forgotten what this fact corrects. The pin then says so from here on.
 */
const pinNow = (
  workspace: Workspace,
  program: Program,
  arrival: Arrival,
  pin: Pin,
  at: Instant,
): Pin => {
  const { fact, metadata } = arrival;
  const stays: Part[] = [];
  const moved = new Map<AccountId, number[]>();
  for (const part of pin.parts) {
    const open = openOf(workspace, fact, part);
    const home = open === null ? part.account : arriveAt(workspace, program, part.account, at);
    if (open === null || home === part.account) {
      stays.push(part);
      continue;
    }
    const lines = part.lines.filter((line) => !open.includes(line));
    if (lines.length > 0) stays.push({ account: part.account, lines });
    moved.set(home, [...(moved.get(home) ?? []), ...open]);
  }
  const parts = stays.map(({ account, lines }) => {
    const more = moved.get(account) ?? [];
    moved.delete(account);
    return { account, lines: [...lines, ...more].sort(byOrdinal) };
  });
  for (const [account, lines] of moved) parts.push({ account, lines: lines.sort(byOrdinal) });
  const now = asItCanBe(workspace, arrival, { ...pin, parts });
  const same = parts.every(({ account }) => pin.parts.some((part) => part.account === account));
  if (now.nothing === pin.nothing && same && parts.length === pin.parts.length) return pin;
  const data = { fact: fact.id, revision: revisionOf(fact), pin: now };
  workspace.recordFact(fact.id, { type: 'FactPinned', data }, metadata);
  return now;
};

const byOrdinal = (a: number, b: number): number => a - b;
