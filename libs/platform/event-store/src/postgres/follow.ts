import { isUnavailable } from '@tallystick/postgres';
import type { RecordedEvent } from '../port.js';
import type { Page } from './pages.js';
import type { Wake } from './wake.js';

/** How long to wait before looking again when nobody says that there is something new, in ms. */
const lookEveryMs = 1_000;
/** The same while the database is away. */
const tryEveryMs = 250;

/**
 * Yields pages from a position on, and waits at the end for more, until the signal aborts. A database that is away is
 * waited for as long as it takes: what follows is not lost, only later.
 */
export async function* followPages(
  after: bigint,
  fetch: (after: bigint) => Promise<Page>,
  wake: Wake,
  signal: AbortSignal,
): AsyncGenerator<readonly RecordedEvent[]> {
  let position = after;
  while (!signal.aborted) {
    // Asked for before looking, so that what is committed in between is not slept through.
    const stopWaiting = new AbortController();
    const news = wake.wait(lookEveryMs, AbortSignal.any([signal, stopWaiting.signal]));
    try {
      const page = await unlessAborted(fetch(position), signal);
      if (page === undefined) return;
      const last = page.events.at(-1);
      if (last !== undefined) {
        position = last.position;
        yield page.events;
      }
      if (page.last) await news;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      await wake.wait(tryEveryMs, signal);
    } finally {
      stopWaiting.abort();
    }
  }
}

/** The promise's value, or undefined as soon as the signal aborts. */
const unlessAborted = async <T>(
  promise: Promise<T>,
  signal: AbortSignal,
): Promise<T | undefined> => {
  const aborted = Promise.withResolvers<undefined>();
  const abort = (): void => aborted.resolve(undefined);
  signal.addEventListener('abort', abort);
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
    promise.catch(() => undefined);
  }
};
