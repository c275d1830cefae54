import type { StreamName } from '@tallystick/kernel';
import type { Database } from '@tallystick/postgres';
import { beginningsOf, pageOfStream, type Beginning, type Page } from './pages.js';

/** Readers whose first page is fetched by one query at most; each such page is bounded, and so all of them are. */
const readersMax = 32;
/** Events of such a page at most: most streams are short, and the others are read on by pages of their own. */
const eventsMax = 200;
/** Queries under way at once; who comes meanwhile shares the next one. */
const queriesMax = 2;

interface Waiting extends Beginning {
  readonly resolve: (page: Page) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The first pages of streams. Many callers that each read one stream at the same moment, as commands on accounts that nobody
 * has in hand do, share a query.
 */
export const createBeginnings = (
  db: Database,
): ((stream: StreamName, from: number) => Promise<Page>) => {
  const queue: Waiting[] = [];
  let underWay = 0;
  let scheduled = false;

  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    // Callers that were let go together ask in this turn of the event loop: they are let in first.
    setImmediate(() => {
      scheduled = false;
      while (queue.length > 0 && underWay < queriesMax) void fetch(queue.splice(0, readersMax));
    });
  };

  /** Never rejects: its callers are told. */
  const fetch = async (readers: readonly Waiting[]): Promise<void> => {
    underWay += 1;
    try {
      const pages = await pagesFor(db, readers);
      readers.forEach(({ resolve }, at) => resolve(pages[at] ?? { events: [], last: true }));
    } catch (error) {
      for (const { reject } of readers) reject(error);
    }
    underWay -= 1;
    if (queue.length > 0) schedule();
  };

  return (stream, from) =>
    new Promise((resolve, reject) => {
      queue.push({ stream, from, resolve, reject });
      schedule();
    });
};

const pagesFor = async (db: Database, readers: readonly Waiting[]): Promise<readonly Page[]> => {
  const [only] = readers;
  if (only !== undefined && readers.length === 1)
    return [await pageOfStream(db, only.stream, only.from)];
  return await beginningsOf(db, readers, eventsMax);
};
