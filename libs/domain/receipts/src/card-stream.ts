import type {
  AccountId,
  CardToken,
  FactId,
  Instant,
  MemberId,
  ProgramId,
  StreamName,
} from '@tallystick/kernel';
import { streamName } from '@tallystick/kernel';
import type { CardEvent } from './events.js';

export const cardStream = (program: ProgramId, card: CardToken): StreamName =>
  streamName('card', program, card);

/** An interval in which a card leads to an account. `until`: the first instant at which it does no more; null: it still does. */
export interface CardOwnership {
  readonly account: AccountId;
  /** Who has it, of those who may share the account. */
  readonly member: MemberId;
  readonly from: Instant;
  readonly until: Instant | null;
}

/** A card's links in the order in which they began, and the facts that wait, oldest first. */
export interface CardState {
  readonly links: readonly CardOwnership[];
  readonly waiting: ReadonlySet<FactId>;
  /** How many facts have waited here and wait no more. */
  readonly claimed: number;
}

export const unknownCard: CardState = { links: [], waiting: new Set(), claimed: 0 };

export const evolveCard = (state: CardState, event: CardEvent): CardState => {
  switch (event.type) {
    case 'CardAttached': {
      const { account, member, from } = event.data;
      const links = [...state.links, { account, member, from, until: null }];
      return {
        ...state,
        links: links.sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0)),
      };
    }
    case 'CardDetached': {
      const { account, from, until } = event.data;
      const links = state.links.map((link) =>
        link.account === account && link.from === from ? { ...link, until } : link,
      );
      return { ...state, links };
    }
    case 'FactParked':
      return { ...state, waiting: new Set([...state.waiting, event.data.fact]) };
    case 'FactClaimed':
      return {
        ...state,
        waiting: new Set([...state.waiting].filter((fact) => fact !== event.data.fact)),
        claimed: state.claimed + 1,
      };
  }
};

/**
 * Whose card it was at a moment; null: nobody's. A card leads to one account at a time; what happened before its first link belongs
 * to the first link, what happened after it had left an account to nobody, until it leads to the next.
 */
export const ownerAt = (card: CardState, at: Instant): CardOwnership | null => {
  let owner = card.links[0] ?? null;
  for (const link of card.links) if (link.from <= at) owner = link;
  if (owner === null || owner.until === null) return owner;
  return at < owner.until ? owner : null;
};
