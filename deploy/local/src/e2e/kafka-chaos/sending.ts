import { setTimeout as sleep } from 'node:timers/promises';
import { topics } from '@tallystick/contracts';
import { BusUnavailable, type MessageBus, type OutgoingMessage } from '@tallystick/message-bus';
import { cardNumber, faultsOf, type Plan, type Script } from './plan.js';
import type { Progress } from './progress.js';

const batchMax = 500;
/** How far the till may be ahead of the store, in messages: each fault finds messages on their way, and the till at work. */
const aheadMax = { least: 100, most: 15_000 };
const retryAfterMs = 100;
/** Of the messages so far; the others are duplicates and poison, which leave nothing in the store. */
const freshLeast = 0.95;

export interface Sent {
  /** Batches that were not acknowledged, and were sent again. */
  retries: number;
  messages: number;
}

export const numberHeader = 'chaos-message';

/** Sends every message of the script, in order and in batches: each again until it is acknowledged. */
export const sendAll = async (
  bus: MessageBus,
  plan: Plan,
  script: Script,
  progress: Progress,
  signal: AbortSignal,
): Promise<Sent> => {
  const sent: Sent = { retries: 0, messages: 0 };
  const { least, most } = aheadMax;
  const ahead = Math.min(
    most,
    Math.max(least, Math.floor(plan.messages / (2 * faultsOf(plan) + 2))),
  );
  while (sent.messages < plan.messages) {
    const from = sent.messages;
    const count = Math.min(batchMax, ahead, plan.messages - from);
    const batch = Array.from({ length: count }, (_, index) => messageOf(script, from + index));
    for (let acknowledged = false; !acknowledged;) {
      signal.throwIfAborted();
      try {
        await bus.publish(batch);
        acknowledged = true;
      } catch (error) {
        if (!(error instanceof BusUnavailable)) throw error;
        sent.retries += 1;
        await sleep(retryAfterMs);
      }
    }
    sent.messages += count;
    await progress.reached(Math.floor((sent.messages - ahead) * freshLeast));
  }
  return sent;
};

const messageOf = (script: Script, message: number): OutgoingMessage => ({
  topic: topics.receipts.name,
  key: cardNumber(script.cardOf(message)),
  id: `chaos-${message}`,
  headers: { 'content-type': 'application/json', [numberHeader]: String(message) },
  value: script.valueOf(message),
});
