import { z } from 'zod';
import type { EventStore } from '@tallystick/event-store';
import {
  accountId,
  factId,
  streamName,
  type AccountId,
  type FactId,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';
import { readFirst } from '../orders/pin.js';

/** A transfer's own stream: begun once, it pins both accounts and what was asked for. */
export const transferStream = (program: ProgramId, transfer: string): StreamName =>
  streamName('transfer', program, transfer);

export const transferFact = (program: ProgramId, transfer: string): FactId =>
  factId('transfer', program, transfer);

/** An event of a transfer: 0 asks for it, in its own stream; 1 is on the sender; 2 on the receiver. */
export const ordinals = { sent: 1, received: 2 } as const;

const requested = z.object({ to: z.string().transform(accountId) });

/** Whom a transfer goes to, as it was pinned; null: it was never begun. */
export const readReceiver = async (
  store: EventStore,
  stream: StreamName,
): Promise<AccountId | null> => {
  const first = await readFirst(store, stream);
  return first === null ? null : requested.parse(first.data).to;
};
