import type { RecordedEvent } from '@tallystick/event-store';
import { z } from 'zod';
import { keepOutcomes, mayTell, outcomeIn } from '../outcome/outcomes.js';
import type { Parts } from '../parts.js';
import { restore } from './restore.js';

const batchSize = 500;
const own = ['partner', 'partnerevent'];
/** Where outcomes are told. In operation they are heard over the bus; the store is asked once, for those before. */
const telling = ['ledger', 'card', 'partneraward'];

const rebuiltTo = z
  .array(
    z.object({ position: z.string().transform((text) => BigInt(text)), outcomes: z.boolean() }),
  )
  .length(1);

const isOwn = ({ stream }: RecordedEvent): boolean =>
  own.some((category) => stream.startsWith(`${category}-`));

const apply = async (parts: Parts, batch: readonly RecordedEvent[]): Promise<void> => {
  await restore(parts.db, batch.filter(isOwn));
  await keepOutcomes(
    parts.db,
    batch
      .filter((event) => !isOwn(event) && mayTell(event.data))
      .flatMap(({ type, data }) => outcomeIn({ type, data: JSON.parse(data) }) ?? []),
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
 * Makes rows from events, from where it last ended; on the first start of a schema (a new one, or one that was lost)
 * outcomes too. Returns how many events it went through, which ends early when `stopping` says so. Bounded memory. Safe beside requests.
 */
export const rebuild = async (parts: Parts, stopping = () => false): Promise<number> => {
  const { rows } = await parts.db.query('select position::text, outcomes from rebuilt_to');
  const [from] = rebuiltTo.parse(rows);
  if (from === undefined) throw new Error('the row of rebuilt_to is gone');
  const categories = from.outcomes ? own : [...own, ...telling];
  const head = await parts.store.head();
  let events = 0;
  let batch: RecordedEvent[] = [];
  for await (const event of parts.store.readAll({ after: from.position, categories })) {
    batch.push(event);
    events += 1;
    if (batch.length === batchSize) {
      await apply(parts, batch);
      if (!(await noteRebuilt(parts, from.position, event.position)))
        return events + (await rebuild(parts, stopping));
      batch = [];
      if (stopping()) return events;
    }
  }
  await apply(parts, batch);
  // Others' events too: a store that has no index of categories would go through them again each time.
  if (!(await noteRebuilt(parts, from.position, later(head, batch.at(-1)?.position))))
    return events + (await rebuild(parts, stopping));
  await parts.db.query('update rebuilt_to set outcomes = true');
  return events;
};

const later = (one: bigint, other = 0n): bigint => (other > one ? other : one);
