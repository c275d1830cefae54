import type { IHeaders, KafkaMessage } from 'kafkajs';
import type { Message, OutgoingMessage } from '../port.js';

/** Has a message's id where no `ce_id` says it. */
export const idHeader = 'tallystick-id';

/** A message as Kafka has it. */
export interface KafkaRecord {
  readonly key: string | Buffer;
  readonly value: Buffer;
  readonly headers: IHeaders;
}

/** A record, and where it goes. */
export interface TopicRecord {
  readonly topic: string;
  readonly record: KafkaRecord;
}

export const recordOf = ({ key, id, headers, value, bytes }: OutgoingMessage): KafkaRecord => ({
  key,
  value: bytes === undefined ? Buffer.from(value) : Buffer.from(bytes),
  headers: headers['ce_id'] === id ? { ...headers } : { ...headers, [idHeader]: id },
});

/** Roughly what a record takes on the wire; never less. */
export const sizeOf = ({ key, value, headers }: KafkaRecord): number => {
  let size = recordOverheadBytes + Buffer.byteLength(key) + value.length;
  for (const [name, of] of Object.entries(headers)) size += headerSizeOf(name, of);
  return size;
};

/** What a header takes of that, with each value of its name. */
export const headerSizeOf = (name: string, of: IHeaders[string]): number => {
  let size = 0;
  for (const value of Array.isArray(of) ? of : [of])
    size += headerOverheadBytes + Buffer.byteLength(name) + bytesOf(value).length;
  return size;
};
const recordOverheadBytes = 32;
const headerOverheadBytes = 8;

const empty = Buffer.alloc(0);

/** The bytes of a key, a value or a header. The protocol has headers without a value; kafkajs gives null for it, says undefined, and writes neither. */
export const bytesOf = (value: Buffer | string | null | undefined): Buffer =>
  typeof value === 'string' ? Buffer.from(value) : (value ?? empty);

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const textOf = (bytes: Buffer): string | undefined => {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
};

/** Anybody may write to Kafka: what is no UTF-8 is shown with replacement characters. */
const shown = (value: Buffer | string | null | undefined): string => {
  const bytes = bytesOf(value);
  return textOf(bytes) ?? bytes.toString('utf8');
};

/** The headers as texts, their names in lower case; of several with one name the last. */
export const headersOf = (headers: IHeaders | undefined): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => {
      const last = Array.isArray(value) ? value.at(-1) : value;
      return [name.toLowerCase(), shown(last)];
    }),
  );

const textTypes = /^(application\/([\w.-]+\+)?json|text\/.*)\s*(;.*)?$/i;

/** A value is text unless its content type says otherwise, or it is no UTF-8. */
const valueOf = (
  value: Buffer | null,
  contentType: string | undefined,
): Pick<Message, 'value' | 'bytes'> => {
  const bytes = bytesOf(value);
  if (contentType === undefined || textTypes.test(contentType)) {
    const text = textOf(bytes);
    if (text !== undefined) return { value: text };
  }
  return { value: '', bytes };
};

/** A record as whoever wrote it left it: one without a key has an empty one, one without an id that of its place. */
export const messageOf = (topic: string, partition: number, record: KafkaMessage): Message => {
  const { [idHeader]: id, ...headers } = headersOf(record.headers);
  return {
    topic,
    partition,
    offset: BigInt(record.offset),
    key: shown(record.key),
    id: id ?? headers['ce_id'] ?? `${topic}/${partition}/${record.offset}`,
    headers,
    ...valueOf(record.value, headers['content-type']),
  };
};
