import { z } from 'zod';
import type { RelayedEvent } from '@tallystick/contracts';
import type { RecordedEvent } from '@tallystick/event-store';
import { instant, type Instant, type StreamName } from '@tallystick/kernel';
import {
  decodeLedgerEvent,
  understoodLedgerEvent,
  UnknownLedgerEvent,
  type LedgerEvent,
} from '@tallystick/ledger';
import { PoisonMessage } from '@tallystick/service-host';

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
  event: ofStore(recorded),
});

const ofStore = (recorded: RecordedEvent): LedgerEvent | null => {
  try {
    return decodeLedgerEvent(recorded);
  } catch (error) {
    if (error instanceof UnknownLedgerEvent) return null;
    throw error;
  }
};

const time = z.iso.datetime().transform(instant);

/** The data were parsed with the message: they are not parsed again. Throws `PoisonMessage` where it is not told when it was recorded. */
export const heardOfRelay = (relayed: RelayedEvent): HeardEvent => {
  const recordedAt = time.safeParse(relayed.metadata['recordedAt']);
  if (!recordedAt.success) throw new PoisonMessage('an event without recordedAt');
  return {
    stream: relayed.stream as StreamName,
    revision: relayed.revision,
    recordedAt: recordedAt.data,
    event: understoodLedgerEvent(relayed),
  };
};
