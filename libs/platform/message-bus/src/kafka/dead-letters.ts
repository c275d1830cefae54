import type {
  DeadLetter,
  DeadLetterEnd,
  DeadLetterPlace,
  Message,
  OutgoingMessage,
} from '../port.js';
import type { Burial } from '../settlement.js';
import { readSpans, spansOf, type ReaderOptions } from './reader.js';
import { deadLettersOf } from './topics.js';

const prefix = 'tallystick-dlq-';
/** What a dead letter's headers say besides those of its message. */
const said = {
  topic: `${prefix}topic`,
  partition: `${prefix}partition`,
  offset: `${prefix}offset`,
  group: `${prefix}group`,
  reason: `${prefix}reason`,
  at: `${prefix}at`,
  /** Key and value stand in place of the message's own. */
  replaced: `${prefix}replaced`,
  /** No letter, but the end of one: `retried` or `dropped`. */
  end: `${prefix}end`,
  endedBy: `${prefix}ended-by`,
} as const;

const withoutOurs = (headers: Message['headers']): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(prefix)));

const placeHeaders = ({ topic, partition, offset, group }: DeadLetterPlace) => ({
  [said.topic]: topic,
  [said.partition]: String(partition),
  [said.offset]: String(offset),
  [said.group]: group,
});

/** A message as it is buried on `<topic>.dlq`. */
export const deadLetterOf = (
  message: Message,
  { reason, keptAs }: Burial,
  group: string,
): OutgoingMessage => {
  const { topic, partition, offset, key, id, headers, value, bytes } = message;
  return {
    topic: deadLettersOf(topic),
    key: keptAs?.key ?? key,
    id,
    headers: {
      ...withoutOurs(headers),
      // What is kept in place of bytes is text.
      ...(keptAs !== undefined && bytes !== undefined
        ? { 'content-type': 'application/json' }
        : {}),
      ...placeHeaders({ topic, partition, offset, group }),
      [said.reason]: reason,
      [said.at]: new Date().toISOString(),
      ...(keptAs === undefined ? {} : { [said.replaced]: 'true' }),
    },
    ...(keptAs === undefined
      ? { value, ...(bytes === undefined ? {} : { bytes }) }
      : { value: keptAs.value }),
  };
};

/** What is written behind a letter to end it: who reads the topic sees what became of each. */
export const endOf = (place: DeadLetterPlace, { how, by }: DeadLetterEnd): OutgoingMessage => {
  const name = nameOf(place);
  return {
    topic: deadLettersOf(place.topic),
    key: name,
    id: `${name}/${how}`,
    headers: { ...placeHeaders(place), [said.end]: how, [said.endedBy]: by },
    value: '',
  };
};

/** The message that was buried, as it came. What somebody else wrote there is one too, with its own place. */
const decodeDeadLetter = (topic: string, buried: Message): DeadLetter => {
  const { headers } = buried;
  const numberIn = (name: string): bigint | undefined => {
    const text = headers[name] ?? '';
    return /^\d{1,18}$/.test(text) ? BigInt(text) : undefined;
  };
  const at = new Date(headers[said.at] ?? '');
  return {
    ...buried,
    topic: headers[said.topic] ?? topic,
    partition: Number(numberIn(said.partition) ?? buried.partition),
    offset: numberIn(said.offset) ?? buried.offset,
    headers: withoutOurs(headers),
    group: headers[said.group] ?? '',
    reason: headers[said.reason] ?? '',
    replaced: headers[said.replaced] === 'true',
    ...(Number.isNaN(at.getTime()) ? {} : { buriedAt: at }),
  };
};

const nameOf = ({ topic, partition, offset, group }: DeadLetterPlace): string =>
  `${group}/${topic}/${partition}/${offset}`;

const isEnd = ({ headers }: Message): boolean => headers[said.end] !== undefined;

/**
 * The dead letters of a topic up to now that nobody has ended, oldest first. One that was buried twice, because its group did not
 * get to store that it had been, is shown once. Reads the topic twice: what ends a letter stands behind it.
 */
export async function* readDeadLetters(
  topic: string,
  options: ReaderOptions,
): AsyncIterable<DeadLetter> {
  const buried = deadLettersOf(topic);
  const spans = await spansOf(buried, options);
  const ended = new Set<string>();
  for await (const message of readSpans(buried, spans, options))
    if (isEnd(message)) ended.add(nameOf(decodeDeadLetter(topic, message)));
  const seen = new Set<string>();
  for await (const message of readSpans(buried, spans, options)) {
    if (isEnd(message)) continue;
    const letter = decodeDeadLetter(topic, message);
    const name = nameOf(letter);
    if (ended.has(name) || seen.has(name)) continue;
    seen.add(name);
    yield letter;
  }
}

/** Counts a group's letters. Kafka has no such count: a topic is read again when something was written there since, and not before. */
export const deadLetterCounter = (
  options: ReaderOptions,
): ((group: string, topic: string) => Promise<bigint>) => {
  const counted = new Map<string, { readonly upTo: string; readonly of: Map<string, bigint> }>();
  return async (group, topic) => {
    const spans = await spansOf(deadLettersOf(topic), options);
    const upTo = [...spans].map(([partition, { from, to }]) => `${partition}:${from}-${to}`).join();
    let known = counted.get(topic);
    if (known?.upTo !== upTo) {
      known = { upTo, of: new Map() };
      for await (const letter of readDeadLetters(topic, options))
        known.of.set(letter.group, (known.of.get(letter.group) ?? 0n) + 1n);
      counted.set(topic, known);
    }
    return known.of.get(group) ?? 0n;
  };
};
