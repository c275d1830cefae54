import { z } from 'zod';
import type { RelayedEvent } from '@tallystick/contracts';
import { BusUnavailable, type Message, type Verdict } from '@tallystick/message-bus';
import { isUnavailable } from '@tallystick/postgres';
import { StoreUnavailable } from '@tallystick/event-store';
import { ServiceAway } from '../calling/service-away.js';
import { aboutMessages } from '../context.js';

/** A message that can never be handled. Thrown by a handler (or `decodeRelayed`): the message goes to the dead letters with the reason. */
export class PoisonMessage extends Error {
  constructor(readonly reason: string) {
    super(reason);
    this.name = 'PoisonMessage';
  }
}

/** What JSON.parse made needs no look at each value again: an object of them is enough. */
const object = z.custom<RelayedEvent['data']>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'must be an object',
);
const relayedEvent = z.object({
  id: z.string().min(1),
  stream: z.string().min(1),
  revision: z.int().min(0),
  position: z.string().regex(/^\d+$/),
  type: z.string().min(1),
  schemaVersion: z.int().min(1),
  metadata: object,
  data: object,
});

/** Reads what the relay published. Throws `PoisonMessage` on anything else; the reason names fields, never values. */
export const decodeRelayed = (message: Message): RelayedEvent => {
  let value: unknown;
  try {
    value = JSON.parse(message.value);
  } catch {
    throw new PoisonMessage('the value is not JSON');
  }
  const parsed = relayedEvent.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => issue.path.join('.') || 'value');
  throw new PoisonMessage(`not an event of the relay: ${[...new Set(fields)].join(', ')}`);
};

/** Whether an error says "not now": the store, the bus, the database or another service is away. */
export const isAway = (error: unknown): boolean =>
  error instanceof StoreUnavailable ||
  error instanceof BusUnavailable ||
  error instanceof ServiceAway ||
  isUnavailable(error);

/**
 * Handles a batch one message at a time, in order: a thrown `PoisonMessage` is poison, any other error is a retry, and
 * what stands behind a retry on the same partition is not touched (it comes again).
 */
export const oneByOne = async (
  batch: readonly Message[],
  handle: (message: Message) => Promise<Verdict | undefined>,
): Promise<Verdict[]> => {
  const blocked = new Set<string>();
  const verdicts: Verdict[] = [];
  for (const message of batch) {
    const partition = `${message.topic}/${message.partition}`;
    let verdict: Verdict;
    if (blocked.has(partition))
      verdict = { kind: 'retry', reason: 'behind a message that is tried again' };
    else {
      try {
        verdict = (await aboutMessages([message], () => handle(message))) ?? { kind: 'done' };
      } catch (error) {
        verdict =
          error instanceof PoisonMessage
            ? { kind: 'poison', reason: error.reason }
            : { kind: 'retry', reason: error instanceof Error ? error.message : String(error) };
      }
    }
    if (verdict.kind === 'retry') blocked.add(partition);
    verdicts.push(verdict);
  }
  return verdicts;
};
