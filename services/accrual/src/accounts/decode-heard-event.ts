import { z } from 'zod';
import type { RelayedEvent } from '@tallystick/contracts';
import type { RecordedEvent } from '@tallystick/event-store';
import { instant, type Instant, type StreamName } from '@tallystick/kernel';
import { understoodLedgerRecord, type LedgerEvent } from '@tallystick/ledger';
import { PoisonMessage } from '@tallystick/service-host';

/** An event of an account's stream, as the bus told of it or the store has it. */
export interface HeardEvent {
  readonly stream: StreamName;
  readonly revision: number;
  readonly recordedAt: Instant;
  /** null: of a kind that this release does not know; a newer one wrote it. */
  readonly event: LedgerEvent | null;
  /** How many parts of it come right before it, with the lists that it has none of here; 0: it is whole. */
  readonly parts: number;
}

interface Told {
  readonly stream: StreamName;
  readonly revision: number;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: object;
}

export const heardOfStore = (recorded: RecordedEvent): HeardEvent | null => {
  const data: unknown = JSON.parse(recorded.data);
  if (typeof data !== 'object' || data === null) throw new Error('data that are no object');
  return heard({ ...recorded, data }, recorded.metadata.recordedAt);
};

const time = z.iso.datetime().transform(instant);

/**
 * The data were parsed with the message: they are not parsed again. null: a part of an event, which says nothing by itself. Throws
 * `PoisonMessage` where it is not told when it was recorded.
 */
export const heardOfRelay = (relayed: RelayedEvent): HeardEvent | null => {
  const recordedAt = time.safeParse(relayed.metadata['recordedAt']);
  if (!recordedAt.success) throw new PoisonMessage('an event without recordedAt');
  return heard({ ...relayed, stream: relayed.stream as StreamName }, recordedAt.data);
};

const heard = (told: Told, recordedAt: Instant): HeardEvent | null => {
  const { stream, revision } = told;
  const record = understoodLedgerRecord(told);
  if (record === null) return { stream, revision, recordedAt, event: null, parts: 0 };
  if (record.kind === 'part') return null;
  const parts = record.kind === 'head' ? record.parts : 0;
  return { stream, revision, recordedAt, event: record.event, parts };
};
