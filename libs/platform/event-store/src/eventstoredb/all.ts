import {
  START,
  streamNameFilter,
  type EventStoreDBClient,
  type Filter,
  type ResolvedEvent,
} from '@eventstore/db-client';
import { StoreUnavailable, type ReadAllOptions, type RecordedEvent } from '../port.js';
import { isResolved, readEvent } from './decode-event.js';
import { Inbox } from './inbox.js';
import { buffered } from './reading.js';
import { Backoff, isPassing } from './unavailable.js';

export interface AllOptions extends ReadAllOptions {
  readonly batchMax: number;
  readonly signal: AbortSignal;
  /**
   * Ends at the end of what is there, and throws `StoreUnavailable` when the server has been away for `retryMs`, or has said
   * nothing for `answerMs`. Without it, goes on for ever.
   */
  readonly untilCaughtUp?: { readonly retryMs: number; readonly answerMs: number };
}

/** How many events the server looks at between two signs of life when none of them is wanted. */
const searchWindow = 1_000;
const checkpointInterval = 10;

/**
 * Everything in the log's order, in batches, by a catch-up subscription that the server filters. A subscription that
 * breaks is begun again behind the last event that was given.
 */
export async function* batchesOfAll(
  client: EventStoreDBClient,
  options: AllOptions,
): AsyncGenerator<readonly RecordedEvent[]> {
  const { signal, batchMax, untilCaughtUp } = options;
  const backoff = new Backoff();
  let position = options.after ?? 0n;
  let awaySince: number | undefined;
  while (!signal.aborted) {
    const { inbox, caughtUp } = subscribe(client, position, options);
    if (untilCaughtUp !== undefined) caughtUp(() => inbox.finish());
    try {
      for (;;) {
        const taken = await inbox.take({
          max: batchMax,
          signal,
          ...(untilCaughtUp === undefined ? {} : { withinMs: untilCaughtUp.answerMs }),
        });
        const batch = taken.map((resolved) => readEvent(resolved).event);
        const last = batch.at(-1);
        if (last === undefined) break;
        yield batch;
        position = last.position;
        awaySince = undefined;
        backoff.reset();
      }
      if (untilCaughtUp !== undefined) return;
    } catch (error) {
      if (!isPassing(error)) throw error;
      awaySince ??= Date.now();
      if (untilCaughtUp !== undefined && Date.now() - awaySince >= untilCaughtUp.retryMs) {
        throw new StoreUnavailable(error);
      }
    } finally {
      await inbox.close();
    }
    await backoff.pause(signal);
  }
}

const subscribe = (
  client: EventStoreDBClient,
  after: bigint,
  { categories }: ReadAllOptions,
): { readonly inbox: Inbox<ResolvedEvent>; readonly caughtUp: (told: () => void) => void } => {
  const subscription = client.subscribeToAll(
    {
      fromPosition: after === 0n ? START : { commit: after, prepare: after },
      filter: filterOf(categories),
    },
    buffered,
  );
  const inbox = new Inbox(subscription, () => subscription.unsubscribe(), isResolved);
  return {
    inbox,
    caughtUp: (told) => {
      subscription.on('caughtUp', told);
    },
  };
};

/** System streams, whose names begin with `$`, are nobody's business; no stream has an empty name. */
const filterOf = (categories: ReadAllOptions['categories']): Filter => {
  const often = { maxSearchWindow: searchWindow, checkpointInterval };
  if (categories === undefined) return streamNameFilter({ regex: '^[^$]', ...often });
  if (categories.length === 0) return streamNameFilter({ regex: '^$', ...often });
  const prefixes = [...new Set(categories)].map((category) => `${category}-`);
  return streamNameFilter({ prefixes, ...often });
};
