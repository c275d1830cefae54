import type { StreamName } from '@tallystick/kernel';
import type { BareEvent, EventMetadata, RecordedEvent } from '../port.js';

/** The columns of an event, for every query that reads some. */
export const eventColumns = 'position, stream, revision, id, type, schema_version, data, metadata';

export interface EventRow {
  readonly position: bigint | string;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly schema_version: number;
  readonly data: string;
  readonly metadata: string;
}

/** The columns of a bare event. */
export const bareColumns = 'position, stream, revision, type, schema_version, data';

export type BareRow = Omit<EventRow, 'id' | 'metadata'>;

export const bareEventOf = (row: BareRow): BareEvent => ({
  position: BigInt(row.position),
  stream: row.stream as StreamName,
  revision: row.revision,
  type: row.type,
  schemaVersion: row.schema_version,
  data: row.data,
});

/** Only the function `append` writes these rows, and only after `checkAppend`: they are what they were. */
export const eventOf = (row: EventRow): RecordedEvent => ({
  position: BigInt(row.position),
  stream: row.stream as StreamName,
  revision: row.revision,
  id: row.id,
  type: row.type,
  schemaVersion: row.schema_version,
  data: row.data,
  metadata: JSON.parse(row.metadata) as EventMetadata,
});
