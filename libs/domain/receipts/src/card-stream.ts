import type {
  AccountId,
  CardToken,
  FactId,
  Instant,
  ProgramId,
  StreamName,
} from '@tallystick/kernel';
import { streamName } from '@tallystick/kernel';
import type { CardEvent } from './events.js';

export const cardStream = (program: ProgramId, card: CardToken): StreamName =>
  streamName('card', program, card);

/** A card's links in the order in which they began, and the facts that wait, oldest first. */
export interface CardState {
  readonly links: readonly { readonly account: AccountId; readonly from: Instant }[];
  readonly waiting: ReadonlySet<FactId>;
}

export const unknownCard: CardState = { links: [], waiting: new Set() };

export const evolveCard = (state: CardState, event: CardEvent): CardState => {
  switch (event.type) {
    case 'CardAttached': {
      const { account, from } = event.data;
      const links = [...state.links, { account, from }];
      return {
        ...state,
        links: links.sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0)),
      };
    }
    case 'FactParked':
      return { ...state, waiting: new Set([...state.waiting, event.data.fact]) };
    case 'FactClaimed':
      return {
        ...state,
        waiting: new Set([...state.waiting].filter((fact) => fact !== event.data.fact)),
      };
  }
};

/**
 * Whose card it was at a moment; null: nobody's yet. A card leads to one account at a time;
 * what happened before its first link belongs to the first link.
 */
export const ownerAt = (
  card: CardState,
  at: Instant,
): { account: AccountId; from: Instant } | null => {
  let owner = card.links[0] ?? null;
  for (const link of card.links) if (link.from <= at) owner = link;
  return owner;
};
