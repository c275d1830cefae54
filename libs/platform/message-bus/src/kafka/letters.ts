import type { IHeaders, KafkaMessage } from 'kafkajs';
import type { DeadLetterEnd, DeadLetterPlace, Message } from '../port.js';
import type { Burial } from '../settlement.js';
import {
  bytesOf,
  headerSizeOf,
  idHeader,
  sizeOf,
  type KafkaRecord,
  type TopicRecord,
} from './records.js';
import { deadLetterBytesMax, deadLettersOf } from './topics.js';

const prefix = 'tallystick-dlq-';
/** What a dead letter's headers say besides those of its message. */
export const said = {
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

/** Of a message that is cut, at most so much is kept: a topic takes it that somebody made with Kafka's own 1 MB. */
const cutBytes = { key: 1024, headers: 32 * 1024, value: 64 * 1024 } as const;
const cutSaid = ' (too large to be kept whole: this is its beginning)';

/** A message as it came, and as Kafka has it: what is no UTF-8 stays as it is. */
export interface Taken {
  readonly message: Message;
  readonly record: KafkaMessage;
}

/** A message as it is buried on `<topic>.dlq`. */
export interface Letter {
  readonly topic: string;
  /** As much of the message as a letter may hold. */
  readonly record: KafkaRecord;
  /** So little of it that any topic takes it. */
  readonly cut: () => KafkaRecord;
}

export const withoutOurs = <T>(headers: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => !name.toLowerCase().startsWith(prefix)),
  );

const placeHeaders = ({ topic, partition, offset, group }: DeadLetterPlace) => ({
  [said.topic]: topic,
  [said.partition]: String(partition),
  [said.offset]: String(offset),
  [said.group]: group,
});

/** Names a letter. */
export const nameOf = ({ topic, partition, offset, group }: DeadLetterPlace): string =>
  `${group}/${topic}/${partition}/${offset}`;

/** Its record may be larger than the message: what stands in its place is, and what becomes of it stands beside. Then it is cut. */
export const letterOf = (taken: Taken, { reason, keptAs }: Burial, group: string): Letter => {
  const { message } = taken;
  const theirs = theirsOf(taken, keptAs !== undefined);
  const ours = (isCut: boolean): IHeaders => ({
    ...placeHeaders({ ...message, group }),
    [said.reason]: isCut ? `${reason}${cutSaid}` : reason,
    [said.at]: new Date().toISOString(),
    ...(isCut || keptAs !== undefined ? { [said.replaced]: 'true' } : {}),
  });
  const whole: KafkaRecord = {
    key: keptAs?.key ?? bytesOf(taken.record.key),
    value: bytesOf(keptAs?.value ?? taken.record.value),
    headers: { ...withId(theirs, message), ...ours(false) },
  };
  const cut = (): KafkaRecord => ({
    key: beginningOf(bytesOf(whole.key), cutBytes.key),
    value: beginningOf(whole.value, cutBytes.value),
    headers: { ...withId(smallOf(theirs), message), ...ours(true) },
  });
  const record = sizeOf(whole) > deadLetterBytesMax ? cut() : whole;
  return { topic: deadLettersOf(message.topic), record, cut };
};

/** The message's own headers, with their bytes. */
const theirsOf = ({ message, record }: Taken, isReplaced: boolean): IHeaders => {
  const all = Object.entries(withoutOurs(record.headers ?? {})).map(
    ([name, of]): readonly [string, IHeaders[string]] => [
      name,
      Array.isArray(of) ? of.map(bytesOf) : bytesOf(of),
    ],
  );
  if (!isReplaced || message.bytes === undefined) return Object.fromEntries(all);
  // What is kept in place of bytes is text.
  const others = all.filter(([name]) => name.toLowerCase() !== contentType);
  return { ...Object.fromEntries(others), [contentType]: 'application/json' };
};
const contentType = 'content-type';

/** With the message's id where no header says it: its place on the topic is another here. */
const withId = (headers: IHeaders, { topic, partition, offset }: Message): IHeaders =>
  Object.keys(headers).some((name) => [idHeader, 'ce_id'].includes(name.toLowerCase()))
    ? headers
    : { ...headers, [idHeader]: `${topic}/${partition}/${offset}` };

/** Those that fit, in their order; each of them whole. */
const smallOf = (headers: IHeaders): IHeaders => {
  let left: number = cutBytes.headers;
  return Object.fromEntries(
    Object.entries(headers).filter(([name, of]) => {
      const size = headerSizeOf(name, of);
      if (size > left) return false;
      left -= size;
      return true;
    }),
  );
};

/** No more bytes than `max`; of UTF-8 whole characters. */
const beginningOf = (bytes: Buffer, max: number): Buffer => {
  if (bytes.length <= max) return bytes;
  let end = max;
  while (end > max - utf8BytesMax && isContinued(bytes[end])) end -= 1;
  return bytes.subarray(0, end);
};
const utf8BytesMax = 4;
const isContinued = (byte: number | undefined): boolean =>
  byte !== undefined && (byte & 0b1100_0000) === 0b1000_0000;

/** What is written behind a letter to end it: who reads the topic sees what became of each. */
export const endOf = (place: DeadLetterPlace, { how, by }: DeadLetterEnd): TopicRecord => {
  const name = nameOf(place);
  const headers = { ...placeHeaders(place), [said.end]: how, [said.endedBy]: by };
  const record = {
    key: name,
    value: bytesOf(''),
    headers: { ...headers, [idHeader]: `${name}/${how}` },
  };
  return { topic: deadLettersOf(place.topic), record };
};
