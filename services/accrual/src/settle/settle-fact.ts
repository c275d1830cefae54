import type { EventMetadata } from '@tallystick/event-store';
import type { CardToken, FactId, Instant } from '@tallystick/kernel';
import {
  decidePin,
  factStream,
  followUp,
  isReceipt,
  mainAccount,
  namedOriginals,
  revisionOf,
  salesEverNamed,
  salesNamed,
  standingOfFact,
  standingOutcome,
  waitingOutcome,
  type Fact,
  type FactOutcome,
  type FactStreamState,
  type Pin,
  type PinContext,
} from '@tallystick/receipts';
import { rulebookAt, type Program } from '../programs/catalog.js';
import { applyPin, asItCanBe, takeLateReturns } from './apply-pin.js';
import { arriveAt } from './successors.js';
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
  const settled = settleAlone(workspace, program, arrival, at);
  settleReturns(workspace, program, arrival, at);
  return settled;
};

/**
 * The receipts that return something of a fact follow it: what they could not take back before they do now, where it is. So do those that
 * return something of a sale which a corrected return may have left to them.
 */
export const settleReturns = (
  workspace: Workspace,
  program: Program,
  { fact, metadata }: Arrival,
  at: Instant,
): void => {
  for (const id of followersOf(workspace, fact)) {
    const back = workspace.fact(id)?.document;
    if (back === undefined) continue;
    const { occurredAt } = back;
    const arrival = { fact: back, metadata: { ...metadata, occurredAt } };
    settleAlone(workspace, program, arrival, at);
    takeLateReturns(workspace, program, arrival, at);
  }
};

/** Receipts that may take back something, or something else, when a fact is settled, as far as is loaded. */
export const followersOf = (workspace: Workspace, fact: Fact): ReadonlySet<FactId> => {
  const sales = [fact.id, ...(revisionOf(fact) > 1 ? everNamed(workspace, fact) : [])];
  const followers = new Set(sales.flatMap((id) => [...workspace.returnedBy(id).keys()]));
  followers.delete(fact.id);
  return followers;
};

/** The sales that a fact, or an earlier revision of it, returns something of, as far as is loaded. */
export const everNamed = (workspace: Workspace, fact: Fact): readonly FactId[] => [
  ...new Set([...namedOriginals(fact), ...salesEverNamed(workspace.factIfLoaded(fact.id))]),
];

const settleAlone = (
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
    case 'pinned': {
      noteReturns(workspace, arrival);
      const pin = followOn(workspace, program, arrival, standing.pin, at);
      return { ...applyPin(workspace, program, arrival, pin, at), known: true };
    }
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
  noteReturns(workspace, arrival);
  const decision = decidePin(fact, contextOf(workspace, program, fact, at));
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
  waitOrClaim(workspace, arrival, pin);
  return applyPin(workspace, program, arrival, pin, at);
};

/** What pinning looks at. `own`: the fact's own stream, as it is to be taken. */
export const contextOf = (
  workspace: Workspace,
  program: Program,
  fact: Fact,
  at: Instant,
  own: FactStreamState | null = workspace.fact(fact.id),
): PinContext => ({
  card: (token) => workspace.card(fact.program, token),
  fact: (id: FactId) => (id === fact.id ? own : workspace.fact(id)),
  home: (account) => arriveAt(workspace, program, account, at),
  rulebook: rulebookAt(program, fact.occurredAt),
});

/** Pins anew what of a pinned fact has somewhere else to go by now. */
const followOn = (
  workspace: Workspace,
  program: Program,
  arrival: Arrival,
  before: Pin,
  at: Instant,
): Pin => {
  const { fact, metadata } = arrival;
  const pin = followUp(fact, before, contextOf(workspace, program, fact, at));
  if (pin !== before) {
    const data = { fact: fact.id, revision: revisionOf(fact), pin };
    workspace.recordFact(fact.id, { type: 'FactPinned', data }, metadata);
  }
  // Also where a crash came between the pin and the card.
  waitOrClaim(workspace, arrival, pin);
  return pin;
};

/** Notes at the sales that a receipt returns that it does: before the receipt itself is written, so that none is ever without its note. */
const noteReturns = (workspace: Workspace, { fact, metadata }: Arrival): void => {
  const revision = revisionOf(fact);
  for (const { id, ref } of salesNamed(fact)) {
    if (id === fact.id || (workspace.returnedBy(id).get(fact.id) ?? 0) >= revision) continue;
    const data = { fact: id, program: fact.program, ref, by: fact.id, revision };
    workspace.recordReturn({ type: 'ReturnNoted', data }, metadata);
  }
};

const waitOrClaim = (workspace: Workspace, arrival: Arrival, pin: Pin): void => {
  if (pin.waits === undefined) claim(workspace, arrival, pin);
  else park(workspace, arrival, pin.waits);
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
    const data = { card, fact: fact.id, account: mainAccount(pin) };
    workspace.recordCard(fact.program, card, { type: 'FactClaimed', data }, fact.id, metadata);
  }
};
