import {
  publishesInTransactions,
  type MessageBus,
  type OutgoingMessage,
  type PostgresMessageBus,
} from '@tallystick/message-bus';
import type { Session } from '@tallystick/postgres';
import { PositionTaken, relayPosition, storePosition } from './position.js';

/** Publishes a batch and moves the position behind it, on the session that makes this relay the only one. */
export type Publish = (
  from: bigint,
  to: bigint,
  messages: readonly OutgoingMessage[],
) => Promise<void>;

/**
 * A bus in the relay's own database gets messages and position in one transaction of the session that holds the lock:
 * a relay that lost the lock has lost that transaction with it. Nothing is published twice.
 */
const inOneTransaction =
  (bus: PostgresMessageBus, session: Session, relay: string): Publish =>
  async (from, to, messages) => {
    const announce = await session.transaction(async (tx) => {
      await storePosition(tx, relay, from, to);
      return bus.publishIn(tx, messages);
    });
    announce();
  };

/**
 * Any other bus: the session that holds the lock answers, and the position is where we left it; then the messages;
 * then the position. A relay that loses the lock meanwhile has at most this one batch on its way, which the next one
 * publishes again with the same ids, and from the same place in the order.
 */
const oneAfterTheOther =
  (bus: MessageBus, session: Session, relay: string): Publish =>
  async (from, to, messages) => {
    const stored = await session.transaction((tx) => relayPosition(tx, relay));
    if (stored !== from) throw new PositionTaken(relay, from);
    await bus.publish(messages);
    await session.transaction((tx) => storePosition(tx, relay, from, to));
  };

export const publisher = async (
  bus: MessageBus,
  session: Session,
  relay: string,
): Promise<Publish> =>
  publishesInTransactions(bus) && (await session.transaction((tx) => bus.livesIn(tx)))
    ? inOneTransaction(bus, session, relay)
    : oneAfterTheOther(bus, session, relay);
