import type { EventMetadata } from '@tallystick/event-store';
import type { CardToken, Instant } from '@tallystick/kernel';
import { standingOf } from '@tallystick/ledger';
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
  type Pin,
} from '@tallystick/receipts';
import { rulebookAt, rulebookOf, type Program } from '../programs/catalog.js';
import { isApplied, outcomeOfPin } from './outcome-of-pin.js';
import type { Workspace } from './workspace.js';

/** A fact with what is known of its arrival. */
export interface Arrival {
  readonly fact: Fact;
  readonly metadata: EventMetadata;
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

/**
 * Brings one fact to its outcome, from wherever it stands: new, waiting for its card, pinned but not applied (a crash came between),
 * or done long ago. Decides on the workspace; its writes are the effect.
 */
export const settleFact = (
  workspace: Workspace,
  program: Program,
  { fact, metadata }: Arrival,
  at: Instant,
): Settled => {
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
      return { ...applyPin(workspace, program, { fact, metadata }, standing.pin, at), known: true };
    case 'new':
    case 'waiting':
      return {
        ...pinFact(workspace, program, { fact, metadata }, at),
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
    rulebook: rulebookAt(program, fact.occurredAt),
  });
  const pin = decision.kind === 'pinned' ? decision.pin : null;
  if (isNew) {
    const type = isReceipt(fact) ? 'ReceiptRegistered' : 'PartnerEventRegistered';
    workspace.recordFact(fact.id, { type, data: { fact: fact.id, document: fact, pin } }, metadata);
  } else if (pin !== null) {
    const data = { fact: fact.id, revision: revisionOf(fact), pin };
    workspace.recordFact(fact.id, { type: 'FactPinned', data }, metadata);
  }
  if (decision.kind === 'waiting') {
    park(workspace, arrival, decision.card);
    return waitingOutcome(fact);
  }
  claim(workspace, arrival, decision.pin);
  return applyPin(workspace, program, arrival, decision.pin, at);
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

const applyPin = (
  workspace: Workspace,
  program: Program,
  { fact, metadata }: Arrival,
  pin: Pin,
  at: Instant,
): FactOutcome => {
  for (const part of pin.parts) {
    const account = workspace.account(fact.program, part.account);
    if (account.state.opened === null) throw new AccountNotOpen(part.account);
    if (isApplied(account, fact)) continue;
    const standing = standingOf(account.state, {
      fact: fact.id,
      factRevision: revisionOf(fact),
      factHash: fact.hash,
    });
    if (standing.kind === 'new' && pin.rulebook !== null) {
      const rulebook = rulebookOf(program, pin.rulebook);
      const decision = applyPart(account.state, fact, part, rulebook, at);
      // Merged away or forgotten: nothing is written, and the outcome says why.
      if (decision.kind === 'applied')
        workspace.recordLedger(fact.program, part.account, fact.id, decision.events, metadata);
    }
  }
  return outcomeOfPin(workspace, fact, pin);
};
