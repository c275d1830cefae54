import { z } from 'zod';
import { rawKafka } from './raw.js';

/** A consumer that only counts: the least that anybody who reads a topic does. Told where to read, then each time how many to wait for. */
const told = z.union([
  z.object({ brokers: z.array(z.string()), topic: z.string() }),
  z.object({ until: z.number() }),
]);

let counted = 0;
let waiting: { readonly until: number; readonly tell: () => void } | undefined;

const look = (): void => {
  if (waiting === undefined || counted < waiting.until) return;
  waiting.tell();
  waiting = undefined;
};

const read = async (brokers: readonly string[], topic: string): Promise<void> => {
  const consumer = rawKafka(brokers).consumer({
    groupId: `${topic}-counting`,
    maxWaitTimeInMs: 200,
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    autoCommit: true,
    partitionsConsumedConcurrently: 8,
    eachBatch: async ({ batch }) => {
      counted += batch.messages.length;
      look();
    },
  });
};

process.on('message', (message) => {
  const ask = told.parse(message);
  if ('until' in ask) {
    waiting = { until: ask.until, tell: () => process.send?.({ counted }) };
    look();
    return;
  }
  read(ask.brokers, ask.topic).then(
    () => process.send?.({ counted }),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exit(1);
    },
  );
});
process.once('disconnect', () => process.exit(0));
