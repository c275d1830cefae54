import type { RecordedEvent } from '@tallystick/event-store';
import { rulebookPublished } from '@tallystick/contracts';
import { programId } from '@tallystick/kernel';
import { z } from 'zod';
import { hearMerges, mergeRequested } from '../hear-merges/merges.js';
import { hear } from '../hear-programs/hear.js';
import { restore } from '../member/restore.js';
import type { Parts } from '../parts.js';

const batchSize = 1_000;
const positionRow = z.array(z.object({ position: z.string() })).length(1);
const published = rulebookPublished.pick({ program: true });

const apply = async (parts: Parts, batch: readonly RecordedEvent[]): Promise<void> => {
  await restore(
    parts.db,
    batch.filter(({ stream }) => stream.startsWith('member-')),
  );
  await hear(
    parts.db,
    batch
      .filter(({ type }) => type === 'RulebookPublished')
      .map(({ data }) => programId(published.parse(JSON.parse(data)).program)),
  );
  await hearMerges(
    parts.db,
    batch
      .filter(({ type }) => type === 'MergeRequested')
      .map(({ data }) => mergeRequested.parse(JSON.parse(data))),
  );
};

/** False, and nothing noted, where the row has been set back meanwhile (by a migration): then there is more to go through. */
const noteRebuilt = async (parts: Parts, after: bigint, to: bigint): Promise<boolean> => {
  const { rowCount } = await parts.db.query(
    'update rebuilt_to set position = greatest(position, $2) where position >= $1',
    [after.toString(), to.toString()],
  );
  return rowCount === 1;
};

/**
 * Makes rows from events, from where it last ended: members, cards, programmes and merges whose rows were lost come back before
 * the first request could give a lost card to someone else. What cannot come back is personal data.
 * Returns how many events it went through, which ends early when `stopping` says so. Bounded memory. Safe beside requests.
 */
export const rebuild = async (parts: Parts, stopping = () => false): Promise<number> => {
  const { rows } = await parts.db.query('select position::text from rebuilt_to');
  const after = BigInt(positionRow.parse(rows)[0]?.position ?? '0');
  const head = await parts.store.head();
  let events = 0;
  let batch: RecordedEvent[] = [];
  const categories = ['member', 'program', 'merge'];
  for await (const event of parts.store.readAll({ after, categories })) {
    batch.push(event);
    events += 1;
    if (batch.length === batchSize) {
      await apply(parts, batch);
      if (!(await noteRebuilt(parts, after, event.position)))
        return events + (await rebuild(parts, stopping));
      batch = [];
      if (stopping()) return events;
    }
  }
  await apply(parts, batch);
  // Others' events too: a store that has no index of categories would go through them again each time.
  if (!(await noteRebuilt(parts, after, later(head, batch.at(-1)?.position))))
    return events + (await rebuild(parts, stopping));
  return events;
};

const later = (one: bigint, other = 0n): bigint => (other > one ? other : one);
