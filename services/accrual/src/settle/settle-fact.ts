import { sha256, type EventMetadata } from '@tallystick/event-store';
import type { AccountId, CardToken, Instant } from '@tallystick/kernel';
import type { CameBack } from '@tallystick/ledger';
import {
  applyPart,
  decidePin,
  factStream,
  isReceipt,
  namedOriginals,
  revisionOf,
  standingOfFact,
  standingOutcome,
  waitingOutcome,
  type Fact,
  type FactOutcome,
  type Part,
  type Pin,
} from '@tallystick/receipts';
import { rulebookAt, rulebookOf, type Program } from '../programs/catalog.js';
import { BudgetDraw } from './budgets.js';
import { closedReason, isApplied, outcomeOfPin } from './outcome-of-pin.js';
import { arriveAt } from './successors.js';
import { toldOf } from './told.js';
import type { Workspace } from './workspace.js';

/** A fact with what is known of its arrival. */
export interface Arrival {
  readonly fact: Fact;
  readonly metadata: EventMetadata;
  /** It was tried, and brings more than an account, or a number, takes: it is pinned to nothing. */
  readonly beyondLimits?: true;
}

export interface Settled extends FactOutcome {
  /** Whether this very fact had been taken before. */
  readonly known: boolean;
}

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

/**
 * Brings one fact to its outcome, from wherever it stands: new, waiting for its card, pinned but not applied (a crash came between),
 * or done long ago. Decides on the workspace; its writes are the effect.
 */
export const settleFact = (
  workspace: Workspace,
  program: Program,
  arrival: Arrival,
  at: Instant,
): Settled => {
  const { fact, metadata } = arrival;
  const standing = standingOfFact(workspace.fact(fact.id), fact);
  switch (standing.kind) {
    case 'superseded':
      return { ...standingOutcome(fact, standing), known: true };
    case 'conflict':
      if (!standing.recorded) {
        workspace.recordFact(
          fact.id,
          {
            type: 'FactRefused',
            data: { fact: fact.id, revision: revisionOf(fact), reason: 'conflict', document: fact },
          },
          metadata,
        );
      }
      return { ...standingOutcome(fact, standing), known: false };
    case 'pinned':
      return { ...applyPin(workspace, program, arrival, standing.pin, at), known: true };
    case 'new':
    case 'waiting':
      return {
        ...pinFact(workspace, program, arrival, at),
        known: standing.kind === 'waiting',
      };
  }
};

const pinFact = (
  workspace: Workspace,
  program: Program,
  arrival: Arrival,
  at: Instant,
): FactOutcome => {
  const { fact, metadata } = arrival;
  const isNew = standingOfFact(workspace.fact(fact.id), fact).kind === 'new';
  const decision = decidePin(fact, {
    card: (token) => workspace.card(fact.program, token),
    fact: (id) => workspace.fact(id),
    home: (account) => arriveAt(workspace, program, account, at),
    rulebook: rulebookAt(program, fact.occurredAt),
  });
  const pin = decision.kind === 'pinned' ? asItCanBe(workspace, arrival, decision.pin) : null;
  if (isNew) {
    const type = isReceipt(fact) ? 'ReceiptRegistered' : 'PartnerEventRegistered';
    workspace.recordFact(fact.id, { type, data: { fact: fact.id, document: fact, pin } }, metadata);
  } else if (pin !== null) {
    const data = { fact: fact.id, revision: revisionOf(fact), pin };
    workspace.recordFact(fact.id, { type: 'FactPinned', data }, metadata);
  }
  if (decision.kind === 'waiting') park(workspace, arrival, decision.card);
  if (pin === null) return waitingOutcome(fact);
  claim(workspace, arrival, pin);
  return applyPin(workspace, program, arrival, pin, at);
};

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

const park = (workspace: Workspace, { fact, metadata }: Arrival, card: CardToken): void => {
  if (workspace.card(fact.program, card).waiting.has(fact.id)) return;
  const data = { card, fact: fact.id, stream: factStream(fact.id) };
  workspace.recordCard(fact.program, card, { type: 'FactParked', data }, fact.id, metadata);
};

/** The cards on whose streams a fact may wait: its own, and those of the sales that it returns. */
export const cardsOf = (workspace: Workspace, fact: Fact): CardToken[] => {
  const cards = [fact, ...namedOriginals(fact).map((id) => workspace.fact(id)?.document)].map(
    (document) => document?.card,
  );
  return [...new Set(cards.filter((card) => card !== null && card !== undefined))];
};

const claim = (workspace: Workspace, { fact, metadata }: Arrival, pin: Pin): void => {
  for (const card of cardsOf(workspace, fact)) {
    if (!workspace.card(fact.program, card).waiting.has(fact.id)) continue;
    const data = { card, fact: fact.id, account: pin.parts[0]?.account ?? null };
    workspace.recordCard(fact.program, card, { type: 'FactClaimed', data }, fact.id, metadata);
  }
};

/** Applies what is pinned and not applied yet. */
export const applyPin = (
  workspace: Workspace,
  program: Program,
  arrival: Arrival,
  pin: Pin,
  at: Instant,
): FactOutcome => {
  const { fact, metadata } = arrival;
  const open = pin.parts.filter((part) => !isApplied(workspace, fact, part));
  if (open.length === 0) return outcomeOfPin(workspace, fact, pin);
  const now = pinNow(workspace, program, arrival, { pin, open }, at);
  const returned = now.parts.map(({ account }) => ({
    account,
    lines: returnedOf(workspace, fact, account),
  }));
  const draw = new BudgetDraw(
    workspace,
    program,
    fact,
    pin.parts.filter((part) => !open.includes(part)),
  );
  for (const part of now.parts) {
    if (now.rulebook === null || isApplied(workspace, fact, part)) continue;
    const { account } = part;
    if (workspace.account(fact.program, account).state.opened === null)
      throw new AccountNotOpen(account);
    const state = workspace.toDecideOn(fact.program, account);
    const elsewhere = returned.filter((other) => other.account !== account);
    const rulebook = rulebookOf(program, now.rulebook);
    const before = draw.usedAt(account);
    const decision = applyPart(state, fact, part, rulebook, {
      at,
      digest: sha256,
      budgets: draw.left(rulebook.book, now.parts),
      told: toldOf(workspace, state, rulebook.book, fact.occurredAt),
      cameBackElsewhere: elsewhere.flatMap(({ lines }) => lines),
    });
    if (decision.kind !== 'applied') throw new ReadApart(account, decision.kind);
    workspace.recordLedger(fact.program, account, fact.id, decision.events, metadata);
    draw.record(account, before, decision.events, metadata);
  }
  return outcomeOfPin(workspace, fact, now);
};

/** What had come back of an earlier revision's lines at one of the accounts that a correction goes to. */
const returnedOf = (workspace: Workspace, fact: Fact, account: AccountId): readonly CameBack[] => {
  const earlier = workspace.account(fact.program, account).state.facts.get(fact.id);
  return earlier === undefined || earlier.revision >= revisionOf(fact)
    ? []
    : earlier.lines.map(({ ordinal, product, returned }) => ({ ordinal, product, returned }));
};

/**
 * Where a fact goes by now whose pin was not acted on in full: an account may have been merged away between the two, then its successor
 * gets what it did not get; or it has closed a period, and has forgotten what this fact corrects. The pin then says so from here on.
 */
const pinNow = (
  workspace: Workspace,
  program: Program,
  arrival: Arrival,
  { pin, open }: { readonly pin: Pin; readonly open: readonly Part[] },
  at: Instant,
): Pin => {
  const { fact, metadata } = arrival;
  const moved = new Map<AccountId, number[]>();
  for (const { account, lines } of open) {
    const home = arriveAt(workspace, program, account, at);
    moved.set(home, [...(moved.get(home) ?? []), ...lines]);
  }
  const applied = pin.parts.filter((part) => !open.includes(part));
  const parts = [...moved].map(([account, lines]) => ({ account, lines: lines.sort(byOrdinal) }));
  const now = asItCanBe(workspace, arrival, { ...pin, parts: [...applied, ...parts] });
  if (now.nothing === pin.nothing && open.every(({ account }) => moved.has(account))) return pin;
  const data = { fact: fact.id, revision: revisionOf(fact), pin: now };
  workspace.recordFact(fact.id, { type: 'FactPinned', data }, metadata);
  return now;
};

const byOrdinal = (a: number, b: number): number => a - b;
