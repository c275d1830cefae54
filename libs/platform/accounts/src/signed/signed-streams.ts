import {
  contentHash,
  newEvent,
  type EventMetadata,
  type EventStore,
  type RecordedEvent,
} from '@tallystick/event-store';
import {
  factId,
  streamName,
  type FactId,
  type Instant,
  type ProgramId,
  type StreamCategory,
  type StreamName,
} from '@tallystick/kernel';
import { decoderOf, type EventOf, type Schemas } from './decode-signed.js';
import { step, type Decision, type Told } from './step.js';
import type { Signed } from './two-people.js';

/** Which one is meant: its own stream is named by both. */
export interface Named {
  readonly program: ProgramId;
  readonly id: string;
}

/** Who says something about one of them. */
export interface Signer extends Named {
  /** A token's subject. */
  readonly by: string;
}

/** Who asks for something, once for a key. */
export interface Asker {
  readonly program: ProgramId;
  /** A token's subject. */
  readonly subject: string;
  readonly key: string;
}

/** Who asks for something that has a name of its own: it is asked for once, by whomever. */
export interface AskerOfNamed extends Named {
  /** A token's subject. */
  readonly subject: string;
}

/** What is kept of who asks, in the first event. */
interface Asked extends Named {
  readonly requestedBy: string;
  readonly hash: string;
}

/** What the store says of each of them, whatever it is about. */
export interface Kept {
  readonly requestedAt: Instant;
  /** Where the request is in the store's order. */
  readonly position: bigint;
  /** Where the last event of its stream is. */
  readonly newestPosition: bigint;
  /** Of the last event of its stream. */
  readonly revision: number;
  /** Of the request, and of all that it causes. */
  readonly correlationId: string;
}

interface Requested<Found> {
  readonly kind: 'requested';
  readonly found: Found;
}
interface KeyReused {
  readonly kind: 'key-reused';
}
interface Unknown {
  readonly kind: 'unknown';
}
/** Things of one kind that two people sign, each in a stream of its own. */
export interface SignedStreams<State, Event> {
  streamOf(named: Named): StreamName;
  /** What all its events are of. */
  factOf(named: Named): FactId;
  /** Folds a stream; null where nobody has asked. Throws on an event that this release does not know. */
  readonly fold: (events: readonly RecordedEvent[]) => (State & Kept) | null;
  read(store: EventStore, named: Named): Promise<(State & Kept) | null>;
  /** Says the next thing of one that was read. Where somebody else has spoken first, nothing is written. */
  say(store: EventStore, found: State & Kept, event: Event, metadata: EventMetadata): Promise<void>;
  /** Keeps what one person asks for, once for a key or a name. `first` gives its first event, or why there is none. */
  ask<Refusal extends Told>(
    store: EventStore,
    asker: Asker | AskerOfNamed,
    request: object,
    first: (asked: Asked) => Promise<Event | Refusal>,
    metadata: EventMetadata,
  ): Promise<Requested<State & Kept> | KeyReused | Refusal>;
  /** One step of one of them: see `step`. */
  change<Answer extends Told>(
    store: EventStore,
    named: Named,
    decide: (found: State & Kept) => Decision<Event, Answer>,
    metadata: EventMetadata,
  ): Promise<Answer | Unknown>;
}

/** An id that is made of what names something, and tells none of it. */
export const idOf = (named: object): string => contentHash(named).slice(0, 32);

export const signedStreams = <State extends Signed, All extends Schemas>(kind: {
  /** Of the streams and of the facts. */
  readonly category: StreamCategory;
  readonly events: All;
  /** Which one a state is of. */
  readonly nameOf: (state: State) => Named;
  /** Folds an event; null: nobody has asked yet. */
  readonly evolve: (state: State | null, event: EventOf<All>) => State | null;
}): SignedStreams<State, EventOf<All>> => {
  const decode = decoderOf(kind.events);
  const streamOf = ({ program, id }: Named) => streamName(kind.category, program, id);
  const factOf = ({ program, id }: Named) => factId(kind.category, program, id);

  const fold = (events: readonly RecordedEvent[]): (State & Kept) | null => {
    let found: (State & Kept) | null = null;
    for (const recorded of events) {
      const { position, revision, metadata } = recorded;
      const state: State | null = kind.evolve(found, decode(recorded));
      if (state === null) continue;
      const request: Pick<Kept, 'position' | 'requestedAt' | 'correlationId'> = found ?? {
        ...{ position, requestedAt: metadata.recordedAt, correlationId: metadata.correlationId },
      };
      const { requestedAt, correlationId } = request;
      const kept = { requestedAt, correlationId, position: request.position };
      found = { ...state, ...kept, newestPosition: position, revision };
    }
    return found;
  };
  const read = async (store: EventStore, named: Named) => {
    const stream = streamOf(named);
    return fold((await store.readStreams([stream])).get(stream) ?? []);
  };
  /** `revision`: of the last event that the speaker has seen; -1: there is none. */
  const append = async (
    store: EventStore,
    named: Named,
    revision: number,
    event: EventOf<All>,
    metadata: EventMetadata,
  ): Promise<void> => {
    await store.append([
      {
        stream: streamOf(named),
        expected: revision < 0 ? 'noStream' : revision,
        // The revision makes it another event than the same words said earlier.
        events: [newEvent(factOf(named), revision + 1, event, metadata)],
      },
    ]);
  };

  return {
    ...{ streamOf, factOf, fold, read },
    say: (store, found, event, metadata) =>
      append(store, kind.nameOf(found), found.revision, event, metadata),
    ask: async <Refusal extends Told>(
      store: EventStore,
      asker: Asker | AskerOfNamed,
      request: object,
      first: (asked: Asked) => Promise<EventOf<All> | Refusal>,
      metadata: EventMetadata,
    ) => {
      const { program, subject } = asker;
      const id = 'id' in asker ? asker.id : idOf({ program, subject, key: asker.key });
      const asked = { id, program, requestedBy: subject, hash: contentHash(request) };
      return step<
        (State & Kept) | null,
        EventOf<All>,
        Requested<State & Kept> | KeyReused | Refusal
      >({
        read: () => read(store, asked),
        decide: (found) => {
          if (found === null) return first(asked);
          return found.asked.hash === asked.hash
            ? { kind: 'requested', found }
            : { kind: 'key-reused' };
        },
        say: async (_, event) => {
          await append(store, asked, -1, event, metadata);
          return null;
        },
      });
    },
    change: async <Answer extends Told>(
      store: EventStore,
      named: Named,
      decide: (found: State & Kept) => Decision<EventOf<All>, Answer>,
      metadata: EventMetadata,
    ) =>
      step<(State & Kept) | null, EventOf<All>, Answer | Unknown>({
        read: () => read(store, named),
        decide: (found) => (found === null ? { kind: 'unknown' } : decide(found)),
        say: async (found, event) => {
          await append(store, named, found?.revision ?? -1, event, metadata);
          return null;
        },
      }),
  };
};
