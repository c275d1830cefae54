import type { EventStore } from '@tallystick/event-store';
import type { AccountId, CardToken, Instant, ProgramId } from '@tallystick/kernel';
import {
  cardStream,
  decodeCardEvent,
  evolveCard,
  ownerAt,
  unknownCard,
} from '@tallystick/receipts';

/** The accounts that cards lead to at a moment; a card that leads to nobody is left out. */
export const accountsOfCards = async (
  store: EventStore,
  program: ProgramId,
  tokens: readonly CardToken[],
  at: Instant,
): Promise<ReadonlyMap<CardToken, AccountId>> => {
  const streams = new Map(tokens.map((token) => [token, cardStream(program, token)]));
  const read = await store.readStreams([...streams.values()]);
  const accounts = new Map<CardToken, AccountId>();
  for (const [token, stream] of streams) {
    let card = unknownCard;
    for (const event of read.get(stream) ?? []) card = evolveCard(card, decodeCardEvent(event));
    const owner = ownerAt(card, at);
    if (owner !== null) accounts.set(token, owner.account);
  }
  return accounts;
};
