import { z } from 'zod';
import { contentHash, type EventStore, type RecordedEvent } from '@tallystick/event-store';
import {
  accountId,
  factId,
  programId,
  streamName,
  type AccountId,
  type FactId,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';

/** A redemption's own stream: begun once, it pins the account and what was asked for. Refunds of it are there too. */
export const redemptionStream = (program: ProgramId, redemption: string): StreamName =>
  streamName('redemption', program, redemption);

export const redemptionFact = (program: ProgramId, redemption: string): FactId =>
  factId('redemption', program, redemption);

/** A caller's key names one redemption for ever: the id is made from both, and tells neither. */
export const redemptionIdOf = (program: ProgramId, subject: string, key: string): string =>
  contentHash({ program, subject, key }).slice(0, 32);

const requested = z.object({
  redemption: z.string(),
  program: z.string().transform(programId),
  account: z.string().transform(accountId),
  points: z.number(),
  kind: z.string(),
  reference: z.string(),
  hash: z.string(),
});

/** First event of a redemption's stream. */
export interface RedemptionRequested {
  readonly redemption: string;
  readonly program: ProgramId;
  readonly account: AccountId;
  readonly points: number;
  readonly kind: string;
  readonly reference: string;
  /** SHA-256 of the request: the same key with another request is refused. */
  readonly hash: string;
}

/** What a redemption's stream says of it; null when it was never begun. */
export const readRequest = async (
  store: EventStore,
  stream: StreamName,
): Promise<{ readonly request: RedemptionRequested; readonly recorded: RecordedEvent } | null> => {
  for await (const recorded of store.readStream(stream)) {
    const request: RedemptionRequested = requested.parse(JSON.parse(recorded.data));
    return { request, recorded };
  }
  return null;
};
