import { setTimeout as sleep } from 'node:timers/promises';
import { topics, unpublishedCategories } from '@tallystick/contracts';
import type { EventStore, RecordedEvent } from '@tallystick/event-store';
import { categoryOf } from '@tallystick/kernel';
import { pace, type BusLog, type MessageBus, type OutgoingMessage } from '@tallystick/message-bus';
import { openSession, type Session } from '@tallystick/postgres';
import { messageOf, UnknownCategory } from './message-of.js';
import { relayName, relayPosition } from './position.js';
import { openPublisher, type Publisher } from './publisher.js';
import { sent, type Sending } from './sending.js';

export interface RelayLimits {
  /** Events that are published at once. */
  readonly batchMax: number;
  /** How many times in a row events are published as soon as they are there; after that once in `publishEveryMs`, more at a time. */
  readonly publishBurst: number;
  readonly publishEveryMs: number;
  /** How often a relay that stands by looks whether it is its turn. */
  readonly standbyPollMs: number;
  /** The pause after a failure; doubles with each one, up to the other. */
  readonly retryDelayMinMs: number;
  readonly retryDelayMaxMs: number;
}

const defaultLimits: RelayLimits = {
  batchMax: 500,
  publishBurst: 20,
  publishEveryMs: 50,
  standbyPollMs: 1000,
  retryDelayMinMs: 100,
  retryDelayMaxMs: 5000,
};

export interface RelayOptions {
  readonly store: EventStore;
  readonly bus: MessageBus;
  /** The database of `relaySchema`, as a role that may write there (and on the bus, if that is in the same one). */
  readonly url: string;
  /** One relay of a name publishes at a time. Another bus that is to get everything from the beginning is another name. */
  readonly name?: string;
  readonly limits?: Partial<RelayLimits>;
  readonly log?: BusLog;
  /** Without it, telemetry is off. */
  readonly sending?: Sending;
}

export interface RelayStatus {
  /**
   * `active`: publishes. `standby`: another one does. `away`: something cannot be reached, and is tried again.
   * `stopped`: by an event that this release cannot publish; a person has to look. `closed`: by `close`.
   */
  readonly state: 'active' | 'standby' | 'away' | 'stopped' | 'closed';
  /** Why it is neither active nor on standby. */
  readonly reason?: string;
  /** Up to where this relay knows everything published. On standby: what it last knew; ask `relayPosition`. */
  readonly position: bigint;
}

export interface Relay {
  status(): RelayStatus;
  /** The same as in `status`. */
  position(): bigint;
  /** Lets the batch in hand end, and lets another relay take over. */
  close(): Promise<void>;
}

const silent: BusLog = { info: () => {}, warn: () => {}, error: () => {} };

/**
 * Publishes every event of the store on the bus (but for `unpublishedCategories`), in the store's order, from where it left off. At least once, with ids that
 * stay the same (exactly once where bus and position are in one database); never skips one, never reorders a stream.
 */
export const startRelay = (options: RelayOptions): Relay => {
  const { store, bus, url, name = relayName, log = silent, sending } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const closing = new AbortController();
  let state: RelayStatus['state'] = 'away';
  let reason: string | undefined = 'it has not connected yet';
  let position = 0n;
  const is = (now: RelayStatus['state'], why?: string): void => {
    if (now !== state) log.info({ relay: name, state: now, reason: why }, `the relay is ${now}`);
    state = now;
    reason = why;
  };

  /** Resolves to whether it is this relay's turn; otherwise it is closing. */
  const turn = async (session: Session): Promise<boolean> => {
    while (!closing.signal.aborted) {
      const { rows } = await session.query<{ taken: boolean }>(
        `select pg_try_advisory_lock(hashtextextended('tallystick relay ' || $1, 0)) as taken`,
        [name],
      );
      if (rows[0]?.taken === true) return true;
      is('standby');
      await pause(limits.standbyPollMs, closing.signal, session.ended);
    }
    return false;
  };

  const relayAll = async (session: Session): Promise<void> => {
    await bus.ensureTopics(Object.values(topics));
    const publisher = await openPublisher(bus, session, name);
    try {
      await relayBy(publisher, session);
    } finally {
      await publisher.close();
    }
  };

  const relayBy = async (publisher: Publisher, session: Session): Promise<void> => {
    position = await session.transaction((tx) => relayPosition(tx, name));
    is('active');
    const next = pace({ burst: limits.publishBurst, everyMs: limits.publishEveryMs });
    const batches = store.follow({
      after: position,
      batchMax: limits.batchMax,
      signal: AbortSignal.any([closing.signal, session.ended]),
    });
    for await (const batch of batches) {
      const { messages, upTo, unknown } = translate(batch);
      if (upTo !== undefined) {
        const publish = (batchOf: readonly OutgoingMessage[]): Promise<void> =>
          publisher.publish(position, upTo, batchOf);
        await (sending === undefined ? publish(messages) : sent(sending, messages, publish));
        position = upTo;
      }
      if (unknown !== undefined) throw new UnknownCategory(unknown);
      const waitMs = next();
      if (waitMs > 0 && batch.length < limits.batchMax)
        await pause(waitMs, closing.signal, session.ended);
    }
    session.ended.throwIfAborted();
    if (!closing.signal.aborted)
      throw new Error('the event store does not say any more what comes');
  };

  const liveOnce = async (): Promise<void> => {
    const session = await openSession({ url, applicationName: `tallystick relay ${name}` });
    try {
      if (await turn(session)) await relayAll(session);
    } finally {
      await session.close();
    }
  };

  const live = async (): Promise<void> => {
    let failures = 0;
    while (!closing.signal.aborted) {
      const began = position;
      try {
        await liveOnce();
      } catch (error) {
        if (error instanceof UnknownCategory) {
          log.error({ err: error, relay: name }, 'the relay stops: it must not skip an event');
          is('stopped', error.message);
          return;
        }
        failures = position > began ? 1 : failures + 1;
        log.warn({ err: error, relay: name, failures }, 'the relay failed and tries again');
        is('away', error instanceof Error ? error.message : String(error));
        const { retryDelayMinMs, retryDelayMaxMs } = limits;
        await pause(
          Math.min(retryDelayMaxMs, retryDelayMinMs * 2 ** Math.min(failures - 1, 30)),
          closing.signal,
        );
      }
    }
    is('closed');
  };
  const living = live();

  return {
    status: () => ({ state, position, ...(reason === undefined ? {} : { reason }) }),
    position: () => position,
    close: async () => {
      closing.abort();
      await living;
      is('closed');
    },
  };
};

interface Translated {
  readonly messages: readonly OutgoingMessage[];
  /** The position of the last of them, and of what nobody hears of behind it. */
  readonly upTo?: bigint;
  /** The event that ends the batch early, for it has no topic. */
  readonly unknown?: RecordedEvent;
}

const translate = (batch: readonly RecordedEvent[]): Translated => {
  const messages: OutgoingMessage[] = [];
  let upTo: bigint | undefined;
  for (const event of batch) {
    if (unpublishedCategories.has(categoryOf(event.stream))) {
      upTo = event.position;
      continue;
    }
    const message = messageOf(event);
    if (message === undefined)
      return { messages, ...(upTo === undefined ? {} : { upTo }), unknown: event };
    messages.push(message);
    upTo = event.position;
  }
  return { messages, ...(upTo === undefined ? {} : { upTo }) };
};

/** Waits, or less if one of the signals aborts. */
const pause = async (ms: number, ...signals: readonly AbortSignal[]): Promise<void> => {
  await sleep(ms, undefined, { signal: AbortSignal.any([...signals]) }).catch(() => undefined);
};
