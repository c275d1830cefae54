import type { EventMetadata } from '@tallystick/event-store';
import { factStream, type Fact } from '@tallystick/receipts';
import { loadToRate } from './load-to-rate.js';
import { cardsOf, type Arrival } from './settle-fact.js';
import { isBeyondLimits, type Unsettleable } from './unsettleable.js';
import type { Workspace } from './workspace.js';

/** Facts that waited, and cannot be settled as they are. */
export interface Aside {
  readonly hopeless: Set<Fact['id']>;
  readonly beyondLimits: Set<Fact['id']>;
}

export const nobodyAside = (): Aside => ({ hopeless: new Set(), beyondLimits: new Set() });

/** It waited, and cannot be settled as it is: those behind it go on without it, or with what can be said of it. */
export const setAside = (aside: Aside, fault: Unsettleable): void => {
  const { fact, beyondLimits: tried } = fault.arrival;
  const into = isBeyondLimits(fault) && tried === undefined ? aside.beyondLimits : aside.hopeless;
  into.add(fact.id);
};

/** Facts that wait for a card of a group which has an owner by now: they came earlier, so they are settled earlier. */
export const waitingBefore = async (
  group: readonly Arrival[],
  workspace: Workspace,
  aside: Aside,
): Promise<readonly Arrival[]> => {
  const own = new Set(group.map(({ fact }) => fact.id));
  const waiting = new Map<Fact['id'], EventMetadata>();
  for (const { fact, metadata } of group) {
    for (const token of cardsOf(workspace, fact)) {
      const card = workspace.card(fact.program, token);
      if (card.links.length === 0) continue;
      for (const id of card.waiting) if (!own.has(id)) waiting.set(id, metadata);
    }
  }
  if (waiting.size === 0) return [];
  await workspace.load([...waiting.keys()].map(factStream));
  const facts = [...waiting].flatMap(([id, metadata]) => {
    const fact = workspace.fact(id)?.document;
    return fact === undefined ? [] : [{ fact, metadata: metadataFor(fact, metadata) }];
  });
  await loadToRate(
    workspace,
    facts.map(({ fact }) => fact),
  );
  return facts
    .filter(({ fact }) => !aside.hopeless.has(fact.id))
    .map((one) => (aside.beyondLimits.has(one.fact.id) ? { ...one, beyondLimits: true } : one));
};

export const metadataFor = (fact: Fact, cause: EventMetadata): EventMetadata => ({
  ...cause,
  program: fact.program,
  occurredAt: fact.occurredAt,
});
