import type { Session } from '@tallystick/postgres';
import { pace } from '../pace.js';
import type { BatchHandler, BusLog, Message } from '../port.js';
import type { BusLimits } from './limits.js';
import { bell, growingDelayMs, pause } from '../pause.js';
import { settle, settleThrown, type Settlement } from '../settlement.js';

/** One partition as one group sees it. `id` names the position, and the lock that says whose it is. */
export interface GroupPartition {
  readonly id: number;
  readonly partitionId: number;
  readonly topic: string;
  readonly partition: number;
}

export const nameOf = ({ topic, partition }: GroupPartition): string => `${topic}/${partition}`;

export interface WorkerOptions {
  readonly partition: GroupPartition;
  /** The session that holds the partition's lock: positions are stored on it and on no other. */
  readonly session: Session;
  readonly handler: BatchHandler;
  readonly batchMax: number;
  readonly limits: BusLimits;
  readonly log: BusLog;
}

/** Takes the messages of one partition, batch after batch, for as long as the session lives. */
export interface Worker {
  readonly partition: GroupPartition;
  /** The next offset that is to be done, as far as is known. */
  position(): bigint;
  /** What is tried again and again now, if anything. */
  retrying(): { readonly attempts: number; readonly reason: string } | undefined;
  /** There may be new messages. */
  wake(): void;
  /** Takes nothing more; what is in hand is ended and its position stored. */
  stop(): void;
  /** Resolves when it has stopped, with the error that was not the handler's, if any. Never rejects. */
  readonly stopped: Promise<{ readonly error?: unknown }>;
}

interface MessageRow {
  readonly offset: bigint;
  readonly key: string;
  readonly id: string;
  readonly headers: Record<string, string>;
  readonly value: string;
}

/** The consumer wakes a worker for whom there is something; this is how often it looks by itself. */
const idleMaxMs = 60_000;

/** UTF-8 bytes that a UTF-16 unit takes at most. */
const bytesPerUnitMax = 3;

/** As many messages as fit, and at least one: sizes are known without reading the values. */
const pageOfPartition = {
  name: 'tallystick-bus-page',
  text: `
  select "offset", key, id, headers, value
    from (select m.*, sum(octet_length(value) + octet_length(headers::text) + octet_length(key))
                      over (order by m."offset") as bytes
            from (select * from bus.messages
                   where partition_id = $1 and "offset" >= $2 order by "offset" limit $3) m) p
   where bytes <= $4 or "offset" = $2
   order by "offset"`,
};
const settlePosition = {
  name: 'tallystick-bus-settle',
  text: 'select bus.settle($1, $2, $3, $4, $5, $6, $7) as stored',
};

export const startWorker = (options: WorkerOptions): Worker => {
  const { partition, session, handler, batchMax, limits, log } = options;
  const { topic } = partition;
  const stopping = new AbortController();
  const isStopping = (): boolean => stopping.signal.aborted;
  const news = bell();
  const nextRead = pace({ burst: limits.readBurst, everyMs: limits.readEveryMs });
  let position = 0n;
  let retrying: { readonly attempts: number; readonly reason: string } | undefined;

  const readPosition = async (): Promise<bigint> => {
    const { rows } = await session.query<{ position: bigint }>(
      'select position from bus.positions where id = $1',
      [partition.id],
    );
    const [row] = rows;
    if (row === undefined) throw new Error(`the group has no position on ${nameOf(partition)}`);
    return row.position;
  };

  const readPage = async (max: number): Promise<readonly Message[]> => {
    const { rows } = await session.query<MessageRow>(pageOfPartition, [
      partition.partitionId,
      position,
      max,
      limits.batchBytesMax,
    ]);
    return rows.map((row, index) => {
      const expected = position + BigInt(index);
      if (row.offset !== expected)
        throw new Error(`${nameOf(partition)} has ${row.offset} where ${expected} belongs`);
      return { topic, partition: partition.partition, ...row };
    });
  };

  const ask = async (batch: readonly Message[]): Promise<Settlement> => {
    try {
      return settle(batch, await handler(batch, session.ended));
    } catch (error) {
      return settleThrown(error);
    }
  };

  const store = async ({ passed, poison }: Settlement): Promise<void> => {
    const next = position + BigInt(passed);
    const { rows } = await session.query<{ stored: boolean }>(settlePosition, [
      partition.id,
      position,
      next,
      poison.map(({ offset }) => offset),
      poison.map(({ reason }) => reason),
      poison.map(({ keptAs }) => keptAs?.key ?? null),
      poison.map(({ keptAs }) => keptAs?.value ?? null),
    ]);
    if (rows[0]?.stored !== true)
      throw new Error(`the position on ${nameOf(partition)} was moved by somebody else`);
    for (const { offset, reason, traceparent } of poison) {
      const of = { partition: nameOf(partition), offset: String(offset) };
      log.warn({ ...of, reason, traceparent }, 'dead letter');
    }
    position = next;
    retrying = undefined;
  };

  /** Whether a page surely was not cut at its limits, so that there was nothing behind it. */
  const wasAll = (batch: readonly Message[], max: number): boolean => {
    const units = batch.reduce(
      (sum, { key, value, headers }) =>
        sum + key.length + value.length + JSON.stringify(headers).length,
      0,
    );
    return batch.length < max && 2 * bytesPerUnitMax * units < limits.batchBytesMax;
  };

  const untilNews = async (): Promise<void> => {
    await news.wait(idleMaxMs, stopping.signal, session.ended);
    session.ended.throwIfAborted();
    const waitMs = nextRead();
    if (waitMs > 0) await pause(waitMs, stopping.signal, session.ended);
    session.ended.throwIfAborted();
  };

  const work = async (): Promise<void> => {
    position = await readPosition();
    // After a failure the messages come in small pieces: those before the one at fault get done.
    let size = batchMax;
    while (!isStopping()) {
      const batch = await readPage(size);
      if (batch.length === 0) {
        await untilNews();
        continue;
      }
      if (isStopping()) return;
      const settlement = await ask(batch);
      if (settlement.passed > 0) await store(settlement);
      if (settlement.retry === undefined) {
        if (wasAll(batch, size)) await untilNews();
        size = Math.min(batchMax, 2 * size);
      } else {
        size = 1;
        const attempts = (retrying?.attempts ?? 0) + 1;
        retrying = { attempts, reason: settlement.retry };
        const delayMs = growingDelayMs(attempts, limits.retryDelayMinMs, limits.retryDelayMaxMs);
        log.warn(
          {
            partition: nameOf(partition),
            offset: String(position),
            attempts,
            reason: settlement.retry,
          },
          'a message is tried again later',
        );
        await pause(delayMs, stopping.signal, session.ended);
        session.ended.throwIfAborted();
      }
    }
  };

  return {
    partition,
    position: () => position,
    retrying: () => retrying,
    wake: () => news.ring(),
    stop: () => stopping.abort(),
    stopped: work().then(
      () => ({}),
      (error: unknown) => ({ error }),
    ),
  };
};
