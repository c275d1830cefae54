import type { Queryable } from '@tallystick/postgres';
import { intArray, textArray, uuidArray } from './binary-arrays.js';
import type { PendingAppend } from './pending.js';

/** What one statement did for a group. */
export type GroupOutcome =
  /** All of it is durable; the last event is at `lastPosition`. */
  | { readonly kind: 'written'; readonly lastPosition: bigint }
  /** Nothing was written: at least one stream is not where the group expects it. -1 is a stream without events. */
  | { readonly kind: 'stale'; readonly actual: ReadonlyMap<string, number> };

interface Row {
  readonly last_position: bigint | string | null;
  readonly actual: readonly number[] | null;
}

const statement = {
  name: 'tallystick-append',
  text: `select last_position, actual from eventstore.append(
    $1::text[], $2::integer[], $3::text[], $4::integer[], $5::uuid[], $6::text[], $7::integer[], $8::text[], $9::text[])`,
};

/** Writes a group as one statement, which is one transaction: one round trip, and one wait for the disk. */
export const writeGroup = async (
  db: Queryable,
  group: readonly PendingAppend[],
): Promise<GroupOutcome> => {
  /** The first expectation of each stream; later ones follow from it by the way groups are made. */
  const checks = new Map<string, number>();
  const streams: string[] = [];
  const revisions: number[] = [];
  const ids: string[] = [];
  const types: string[] = [];
  const versions: number[] = [];
  const data: string[] = [];
  const metadata: string[] = [];
  for (const pending of group) {
    for (const write of pending.writes) {
      if (!checks.has(write.stream)) checks.set(write.stream, write.expected);
      let revision = write.expected;
      for (const { event, metadata: text } of write.events) {
        streams.push(write.stream);
        revisions.push((revision += 1));
        ids.push(event.id);
        types.push(event.type);
        versions.push(event.schemaVersion);
        data.push(event.data);
        metadata.push(text);
      }
    }
  }
  const names = [...checks.keys()];
  const { rows } = await db.query<Row>({
    ...statement,
    values: [
      textArray(names),
      intArray([...checks.values()]),
      textArray(streams),
      intArray(revisions),
      uuidArray(ids),
      textArray(types),
      intArray(versions),
      textArray(data),
      textArray(metadata),
    ],
  });
  const row = rows[0];
  if (row?.actual) {
    const { actual } = row;
    return { kind: 'stale', actual: new Map(names.map((name, at) => [name, actual[at] ?? -1])) };
  }
  if (row?.last_position === null || row === undefined)
    throw new Error('eventstore.append answered with nothing');
  return { kind: 'written', lastPosition: BigInt(row.last_position) };
};
