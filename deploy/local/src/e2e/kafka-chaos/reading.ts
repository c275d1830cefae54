import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import type { Message, MessageBus } from '@tallystick/message-bus';

const batchMax = 2_000;
const lookEveryMs = 100;
const withinMs = 900_000;

/** Every message of a topic that is there now, each partition in its order, once; by a group of its own. */
export const readTopic = async (
  bus: MessageBus,
  topic: string,
  take: (message: Message) => void,
): Promise<number> => {
  const ends = await bus.ends([topic]);
  const group = `chaos-reader-${randomUUID().slice(0, 8)}`;
  /** The next offset of each partition: what comes again, after a rebalance, was taken already. */
  const next = new Map<string, bigint>();
  let read = 0;
  const consumer = await bus.subscribe({
    ...{ topics: [topic], group, batchMax },
    handler: async (batch) => {
      for (const message of batch) {
        const place = `${topic}/${message.partition}`;
        const expected = next.get(place) ?? 0n;
        if (message.offset < expected || message.offset >= (ends.get(place) ?? 0n)) continue;
        next.set(place, message.offset + 1n);
        take(message);
        read += 1;
      }
      return batch.map(() => ({ kind: 'done' }));
    },
  });
  const total = [...ends.values()].reduce((sum, end) => sum + Number(end), 0);
  try {
    const deadline = performance.now() + withinMs;
    while (read < total) {
      if (performance.now() > deadline) throw new Error(`${read} of ${total} messages of ${topic}`);
      await sleep(lookEveryMs);
    }
  } finally {
    await consumer.close();
  }
  return read;
};
