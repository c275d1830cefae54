import type {
  DeadLetter,
  DeadLetterPlace,
  Message,
  MessageBus,
  Verdict,
} from '@tallystick/message-bus';
import type { Log } from '../log.js';

/** Where a letter of a service's own group is. */
export type LetterPlace = Omit<DeadLetterPlace, 'group'>;

/** Which letter a page ended with. */
export type LetterMark = Pick<DeadLetter, 'topic' | 'nth'>;

export type Retried =
  | { readonly kind: 'done' }
  /** It still can never be done, and stays. */
  | { readonly kind: 'poison'; readonly reason: string }
  /** Not now: something is away. */
  | { readonly kind: 'later'; readonly reason: string }
  /** The letter holds something in place of the message, and the bus does not keep the message any more. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'unknown' };

/** What a person may do with the messages that a service could not take. */
export interface DeadLetters {
  /** At most `max`, oldest first, topic after topic; those behind `after`, which need not be there any more. */
  list(
    topics: readonly string[],
    max: number,
    after?: LetterMark | null,
  ): Promise<readonly DeadLetter[]>;
  find(place: LetterPlace): Promise<DeadLetter | undefined>;
  /** Hands the message to this service's handler once more, and to nobody else's; ends the letter when that has taken it. */
  retry(place: LetterPlace, by: string): Promise<Retried>;
  /** False when there is no such letter. */
  drop(place: LetterPlace, by: string): Promise<boolean>;
}

export const deadLettersOf = (
  bus: MessageBus,
  group: string,
  handle: (message: Message) => Promise<Verdict>,
  log: Log,
): DeadLetters => {
  const find = async (place: LetterPlace): Promise<DeadLetter | undefined> => {
    for await (const letter of bus.deadLetters(place.topic))
      if (
        letter.group === group &&
        letter.partition === place.partition &&
        letter.offset === place.offset
      )
        return letter;
    return undefined;
  };

  const end = async (place: LetterPlace, how: 'retried' | 'dropped', by: string): Promise<void> => {
    const { topic, partition, offset } = place;
    await bus.endDeadLetter({ topic, partition, offset, group }, { how, by });
    log.warn({ topic, partition, offset: String(offset), by }, `a dead letter was ${how}`);
  };

  return {
    list: async (topics, max, after = null) => {
      const found: DeadLetter[] = [];
      const from = after === null ? 0 : Math.max(0, topics.indexOf(after.topic));
      for (const topic of topics.slice(from)) {
        if (found.length === max) break;
        for await (const letter of bus.deadLetters(
          topic,
          topic === after?.topic ? after.nth : undefined,
        )) {
          if (letter.group !== group) continue;
          found.push(letter);
          if (found.length === max) break;
        }
      }
      return found;
    },
    find,
    retry: async (place, by) => {
      const letter = await find(place);
      if (letter === undefined) return { kind: 'unknown' };
      const message = letter.replaced
        ? await bus.messageAt(letter.topic, letter.partition, letter.offset)
        : letter;
      if (message === undefined) return { kind: 'gone' };
      const verdict = await handle(message);
      if (verdict.kind === 'retry') return { kind: 'later', reason: verdict.reason };
      if (verdict.kind === 'poison') return { kind: 'poison', reason: verdict.reason };
      await end(place, 'retried', by);
      return { kind: 'done' };
    },
    drop: async (place, by) => {
      if ((await find(place)) === undefined) return false;
      await end(place, 'dropped', by);
      return true;
    },
  };
};
