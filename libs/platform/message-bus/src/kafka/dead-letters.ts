import type { DeadLetter, Message } from '../port.js';
import { nameOf, said, withoutOurs } from './letters.js';
import { readSpans, spansOf, type ReaderOptions } from './reader.js';
import { deadLettersOf } from './topics.js';

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
