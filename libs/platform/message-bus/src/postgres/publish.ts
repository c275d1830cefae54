import type { Queryable } from '@tallystick/postgres';
import { UnknownTopic, type OutgoingMessage } from '../port.js';
import { partitionOf } from './partition-of.js';
import type { PartitionIds } from './topics.js';

/** The columns of one statement's messages. */
interface Chunk {
  readonly partitions: number[];
  readonly keys: string[];
  readonly ids: string[];
  readonly headers: string[];
  readonly values: string[];
}

/** A batch as the database takes it, in statements of about `bytesMax` each. */
export const chunksOf = (
  messages: readonly OutgoingMessage[],
  topics: ReadonlyMap<string, PartitionIds>,
  bytesMax: number,
): readonly Chunk[] => {
  const chunks: Chunk[] = [];
  let chunk: Chunk | undefined;
  let bytes = 0;
  for (const { topic, key, id, headers, value } of messages) {
    const partitions = topics.get(topic) ?? [];
    const partition = partitions[partitionOf(key, partitions.length)];
    if (partition === undefined) throw new UnknownTopic(topic);
    const headersText = JSON.stringify(headers);
    const size = Buffer.byteLength(value) + headersText.length + key.length + id.length;
    if (chunk === undefined || bytes + size > bytesMax) {
      chunk = { partitions: [], keys: [], ids: [], headers: [], values: [] };
      chunks.push(chunk);
      bytes = 0;
    }
    chunk.partitions.push(partition);
    chunk.keys.push(key);
    chunk.ids.push(id);
    chunk.headers.push(headersText);
    chunk.values.push(value);
    bytes += size;
  }
  return chunks;
};

/** The partitions that chunks go to, each once. */
export const partitionsIn = (chunks: readonly Chunk[]): readonly number[] => [
  ...new Set(chunks.flatMap(({ partitions }) => partitions)),
];

const publishChunk = {
  name: 'tallystick-bus-publish',
  text: 'select bus.publish($1, $2, $3, $4, $5)',
};

/** Publishes one chunk: alone it is a transaction of its own. */
export const sendChunk = async (to: Queryable, chunk: Chunk): Promise<void> => {
  const { partitions, keys, ids, headers, values } = chunk;
  await to.query({ ...publishChunk, values: [partitions, keys, ids, headers, values] });
};

/** Publishes all of them in the caller's transaction, having locked every partition in order first. */
export const sendChunks = async (tx: Queryable, chunks: readonly Chunk[]): Promise<void> => {
  if (chunks.length > 1) await tx.query('select bus.lock_partitions($1)', [partitionsIn(chunks)]);
  for (const chunk of chunks) await sendChunk(tx, chunk);
};
