import { z } from 'zod';
import type { RelayedEvent } from '@tallystick/contracts';
import type { RecordedEvent } from '@tallystick/event-store';
import { instant, type Instant, type StreamName } from '@tallystick/kernel';
import { decodeLedgerEvent, UnknownLedgerEvent, type LedgerEvent } from '@tallystick/ledger';

/** An event of an account's stream, as the bus told of it or the store has it. */
export interface HeardEvent {
  readonly stream: StreamName;
  readonly revision: number;
  readonly recordedAt: Instant;
  /** null: of a kind that this release does not know; a newer one wrote it. */
  readonly event: LedgerEvent | null;
}

export const heardOfStore = (recorded: RecordedEvent): HeardEvent => ({
  stream: recorded.stream,
  revision: recorded.revision,
  recordedAt: recorded.metadata.recordedAt,
  event: isUnderstood(recorded) ? decodeLedgerEvent(recorded) : null,
});

/** The data were parsed with the message: they are not parsed again. */
export const heardOfRelay = (relayed: RelayedEvent): HeardEvent => ({
  stream: relayed.stream as StreamName,
  revision: relayed.revision,
  recordedAt: instant(z.string().parse(relayed.metadata['recordedAt'])),
  event: isUnderstood(relayed)
    ? ({ type: relayed.type, data: relayed.data } as unknown as LedgerEvent)
    : null,
});

const isUnderstood = (event: {
  readonly type: string;
  readonly schemaVersion: number;
}): boolean => {
  try {
    decodeLedgerEvent({ ...event, data: '{}' });
    return true;
  } catch (error) {
    if (error instanceof UnknownLedgerEvent) return false;
    throw error;
  }
};
