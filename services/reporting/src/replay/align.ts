import type { StreamName } from '@tallystick/kernel';
import type { EventStore, RecordedEvent } from '@tallystick/event-store';
import type { Connection } from '@tallystick/postgres';
import type { Folder } from '../views/folder.js';
import { tableOf } from '../views/view.js';
import { rowsOf } from './on-connection.js';

const streamsPerPage = 100;

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
  store: Pick<EventStore, 'readStreams'>,
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
    const stored = await store.readStreams(page.map(({ stream }) => stream));
    const lagging: StreamName[] = [];
    const again: StreamName[] = [];
    const events: RecordedEvent[] = [];
    for (const { stream, live, replayed } of page) {
      const all = stored.get(stream) ?? [];
      const at = live ?? -1;
      if (at < (replayed ?? -1)) {
        const next = all[at + 1];
        if (caughtUpTo !== null && next !== undefined && next.position <= caughtUpTo) continue;
        lagging.push(stream);
      }
      again.push(stream);
      events.push(...all.slice(0, at + 1));
    }
    await refold(tx, folder, again, events);
    await tx.query(`insert into ${laggingTable} select $1, unnest($2::text[])`, [
      folder.category,
      lagging,
    ]);
  }
};

const refold = async (
  tx: Connection,
  folder: Folder,
  streams: readonly StreamName[],
  events: readonly RecordedEvent[],
): Promise<void> => {
  for (const view of folder.views) {
    await tx.query(`delete from ${tableOf('replay', view)} where stream = any($1)`, [streams]);
  }
  if (events.length === 0) return;
  const { standings } = await folder.apply(tx, events);
  for (const standing of standings) {
    if (standing.kind === 'blocked') throw new Error(standing.reason);
  }
};
