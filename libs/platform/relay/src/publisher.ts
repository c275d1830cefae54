import {
  fencesPublishers,
  publishesInTransactions,
  type FencedPublisher,
  type KafkaMessageBus,
  type MessageBus,
  type OutgoingMessage,
  type PostgresMessageBus,
} from '@tallystick/message-bus';
import type { Session } from '@tallystick/postgres';
import { PositionTaken, relayPosition, storePosition } from './position.js';

/** Publishes batches for one relay as long as its session holds the lock. */
export interface Publisher {
  /** Publishes a batch and moves the position behind it, on the session that makes this relay the only one. */
  publish(from: bigint, to: bigint, messages: readonly OutgoingMessage[]): Promise<void>;
  close(): Promise<void>;
}
type Publish = Publisher['publish'];

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
  (bus: Pick<MessageBus, 'publish'>, session: Session, relay: string): Publish =>
  async (from, to, messages) => {
    const stored = await session.transaction((tx) => relayPosition(tx, relay));
    if (stored !== from) throw new PositionTaken(relay, from);
    if (messages.length > 0) await bus.publish(messages);
    await session.transaction((tx) => storePosition(tx, relay, from, to));
  };

/** Kafka forgets who had a name after a week in which it was not taken anew. */
const fenceEveryMs = 24 * 60 * 60 * 1000;

/**
 * A bus that fences: the fence is taken after the lock, and the lock is looked at again behind it. A relay that loses the lock
 * after that look has an older fence than the next one, and what it still has on its way cannot get between the next one's.
 */
const behindFence = async (
  bus: KafkaMessageBus,
  session: Session,
  relay: string,
): Promise<Publisher> => {
  let fence: FencedPublisher = await bus.openFencedPublisher(`relay ${relay}`);
  let takenAt = performance.now();
  const publish = oneAfterTheOther(
    { publish: (messages) => fence.publish(messages) },
    session,
    relay,
  );
  return {
    publish: async (from, to, messages) => {
      if (performance.now() - takenAt > fenceEveryMs) {
        await fence.close();
        fence = await bus.openFencedPublisher(`relay ${relay}`);
        takenAt = performance.now();
      }
      await publish(from, to, messages);
    },
    close: () => fence.close(),
  };
};

export const openPublisher = async (
  bus: MessageBus,
  session: Session,
  relay: string,
): Promise<Publisher> => {
  if (fencesPublishers(bus)) return behindFence(bus, session, relay);
  const atomic =
    publishesInTransactions(bus) && (await session.transaction((tx) => bus.livesIn(tx)));
  return {
    publish: atomic ? inOneTransaction(bus, session, relay) : oneAfterTheOther(bus, session, relay),
    close: async () => {},
  };
};
