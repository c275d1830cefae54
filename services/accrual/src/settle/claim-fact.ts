import { addMs, type AccountId, type Instant } from '@tallystick/kernel';
import {
  followUp,
  isReceipt,
  revisionOf,
  type FactOutcome,
  type FactStreamState,
} from '@tallystick/receipts';
import { rulebookOf, type Program } from '../programs/catalog.js';
import { applyPin, asItCanBe } from './apply-pin.js';
import { contextOf, settleReturns, type Arrival } from './settle-fact.js';
import { arriveAt, homeOf } from './successors.js';
import type { Workspace } from './workspace.js';

const dayMs = 86_400_000;

export type ClaimDecision =
  | { readonly kind: 'claimed'; readonly outcome: FactOutcome }
  /** This account has claimed it before: what became of it, its streams say. */
  | { readonly kind: 'known' }
  | { readonly kind: 'account-unknown' }
  /** It has a card, and goes where that leads. */
  | { readonly kind: 'has-card' }
  | { readonly kind: 'claimed-by-another' }
  /** It goes nowhere for another reason than that it has no card, or all of it goes somewhere already. */
  | { readonly kind: 'not-claimable'; readonly reason: string }
  /** It is older than the programme's policy lets anybody claim. */
  | { readonly kind: 'too-late'; readonly windowDays: number };

/**
 * Gives a receipt without a card to the account that shows its number: those of its lines that no account has. It is rated under the rulebook that it was pinned to when it came.
 * Decides on the workspace, in which the receipt's and the account's streams are; of two who claim at once, the receipt's stream takes one.
 */
export const claimFact = (
  workspace: Workspace,
  program: Program,
  { fact, metadata }: Arrival,
  account: AccountId,
  at: Instant,
): ClaimDecision => {
  const state = workspace.fact(fact.id);
  if (state === null) throw new Error(`fact ${fact.id} was not loaded`);
  const home = arriveAt(workspace, program, account, at);
  if (workspace.account(fact.program, home).state.opened === null)
    return { kind: 'account-unknown' };
  if (fact.card !== null) return { kind: 'has-card' };
  if (state.claimedBy !== null) {
    return homeOf(workspace, fact.program, state.claimedBy) === home
      ? { kind: 'known' }
      : { kind: 'claimed-by-another' };
  }
  const refusal = whyNot(state);
  if (refusal !== null) return { kind: 'not-claimable', reason: refusal };
  const { pin: before } = state;
  const rulebook = before?.rulebook ?? null;
  if (before === null || rulebook === null)
    return { kind: 'not-claimable', reason: 'no-rulebook-in-force' };
  const { windowDays } = rulebookOf(program, rulebook).book.claims;
  if (windowDays !== null && fact.occurredAt < addMs(at, -windowDays * dayMs))
    return { kind: 'too-late', windowDays };

  const context = contextOf(workspace, program, fact, at, { ...state, claimedBy: home });
  const pin = asItCanBe(workspace, { fact, metadata }, followUp(fact, before, context));
  const data = { fact: fact.id, revision: revisionOf(fact), pin, claimedBy: home };
  workspace.recordFact(fact.id, { type: 'FactPinned', data }, metadata);
  const outcome = applyPin(workspace, program, { fact, metadata }, pin, at);
  settleReturns(workspace, program, { fact, metadata }, at);
  return { kind: 'claimed', outcome };
};

/** Why nobody can claim a receipt without a card; null: some of it goes nowhere for want of one. */
const whyNot = ({ document, pin }: FactStreamState): string | null => {
  if (pin === null) return 'waiting';
  if (pin.nothing !== null) return pin.nothing === 'no-card' ? null : pin.nothing;
  const placed = new Set(pin.parts.flatMap(({ lines }) => lines));
  const open = isReceipt(document) && document.lines.some(({ ordinal }) => !placed.has(ordinal));
  return open ? null : 'all-of-it-has-an-account';
};
