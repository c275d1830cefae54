import type { StreamName } from '@tallystick/kernel';
import type { RecordedEvent } from '@tallystick/event-store';
import type { Connection } from '@tallystick/postgres';
import type { Folder } from '../views/folder.js';
import { readPast, type PastReader } from '../views/past.js';
import { tableOf } from '../views/view.js';
import { rowsOf } from './on-connection.js';

const streamsPerPage = 100;
const eventsPerBatch = 1_000;

/** Lists the streams whose live rows lag; exists only inside the comparison's transaction. */
export const laggingTable = 'replay_lagging';

export const createLaggingTable = async (tx: Connection): Promise<void> => {
  await tx.query(
    `create table ${laggingTable} (category text, stream text collate "C", primary key (stream, category))`,
  );
};

interface Apart {
  readonly stream: StreamName;
  readonly live: number | null;
  readonly replayed: number | null;
}

/**
 * Brings the shadow of a projection to the revision that each live row is at, in the comparison's transaction: what is
 * behind, or ahead, is folded again from its stream up to there. So a view that lags is compared with what it should
 * have been at its own revision.
 *
 * `caughtUpTo` is the position that live consumption has certainly passed (null: none is certain). A live row that
 * lacks an event from before it is not late, it is wrong: it stays as it is, to be found.
 */
export const align = async (
  tx: Connection,
  folder: Folder,
  store: PastReader,
  caughtUpTo: bigint | null,
): Promise<void> => {
  const apart = rowsOf<Apart>(
    tx,
    'apart',
    `select stream, live.revision as live, replayed.revision as replayed
     from ${tableOf('live', folder.head)} live
     full join ${tableOf('replay', folder.head)} replayed using (stream)
     where live.revision is distinct from replayed.revision`,
    streamsPerPage,
  );
  for await (const page of apart) {
    const lost = caughtUpTo === null ? noStreams : await lostStreams(store, page, caughtUpTo);
    const kept = page.filter(({ stream }) => !lost.has(stream));
    await refold(tx, folder, store, kept);
    await tx.query(`insert into ${laggingTable} select $1, unnest($2::text[])`, [
      folder.category,
      kept.filter(isBehind).map(({ stream }) => stream),
    ]);
  }
};

const noStreams: ReadonlySet<StreamName> = new Set();
const isBehind = ({ live, replayed }: Apart): boolean => (live ?? -1) < (replayed ?? -1);

/** The streams whose live rows lack an event that live consumption has passed. */
const lostStreams = async (
  store: PastReader,
  page: readonly Apart[],
  caughtUpTo: bigint,
): Promise<ReadonlySet<StreamName>> => {
  const lost = new Set<StreamName>();
  for (const { stream, live } of page.filter(isBehind)) {
    for await (const { position } of store.readStream(stream, { from: (live ?? -1) + 1 })) {
      if (position <= caughtUpTo) lost.add(stream);
      break;
    }
  }
  return lost;
};

/** Folds streams again, from their beginnings up to the revisions of their live rows. */
const refold = async (
  tx: Connection,
  folder: Folder,
  store: PastReader,
  apart: readonly Apart[],
): Promise<void> => {
  const streams = apart.map(({ stream }) => stream);
  for (const view of folder.views) {
    await tx.query(`delete from ${tableOf('replay', view)} where stream = any($1)`, [streams]);
  }
  const wanted = apart.map(({ stream, live }) => ({ stream, upTo: live ?? -1 }));
  let batch: RecordedEvent[] = [];
  const flush = async (): Promise<void> => {
    const { standings, keep } = await folder.apply(tx, batch);
    for (const standing of standings) {
      if (standing.kind === 'blocked') throw new Error(standing.reason);
    }
    keep();
    batch = [];
  };
  for await (const { events } of readPast(store, wanted)) {
    batch.push(...events);
    if (batch.length >= eventsPerBatch) await flush();
  }
  if (batch.length > 0) await flush();
};
