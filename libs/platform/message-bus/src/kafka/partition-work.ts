import type { EachBatchPayload } from 'kafkajs';
import { growingDelayMs } from '../pause.js';
import type { BatchHandler, BusLog, Message } from '../port.js';
import { settle, settleThrown, type Settlement } from '../settlement.js';
import { protocolErrorOf, wordOf } from './errors.js';
import { letterOf, type Letter, type Taken } from './letters.js';
import type { KafkaLimits } from './limits.js';
import { messageOf } from './records.js';

export interface WorkOptions {
  readonly topic: string;
  readonly group: string;
  readonly handler: BatchHandler;
  readonly batchMax: number;
  readonly limits: KafkaLimits;
  readonly log: BusLog;
  /** Resolves when they are kept. */
  readonly bury: (letters: readonly Letter[]) => Promise<void>;
}

export interface Retrying {
  readonly attempts: number;
  readonly reason: string;
}

/** What a member does with its partitions. */
export interface PartitionWork {
  /** The member has joined, and these are its partitions: what was in hand before is not its own any more. */
  assigned(partitions: readonly number[]): void;
  /** It has none until it joins again. */
  revoked(reason: string): void;
  partitions(): readonly number[];
  retrying(): ReadonlyMap<number, Retrying>;
  /** Takes nothing more. What is in hand is ended, and stored. */
  stop(): void;
  readonly eachBatch: (payload: EachBatchPayload) => Promise<void>;
}

interface PartitionState {
  /** After a failure the messages come in small pieces: those before the one at fault get done. */
  size: number;
  retrying?: Retrying;
}

/** The time between two joins. What was begun in one must not be stored in the next. */
class Generation {
  private readonly ending = new AbortController();
  readonly lost = this.ending.signal;

  end(reason: unknown): void {
    this.ending.abort(reason);
  }
}

export const partitionWork = (options: WorkOptions): PartitionWork => {
  const { topic, group, handler, batchMax, limits, log, bury } = options;
  const states = new Map<number, PartitionState>();
  let assigned: readonly number[] = [];
  let generation = new Generation();
  let stopping = false;

  const stateOf = (partition: number): PartitionState => {
    const state = states.get(partition) ?? { size: batchMax };
    states.set(partition, state);
    return state;
  };

  const ask = async (batch: readonly Message[], lost: AbortSignal): Promise<Settlement> => {
    try {
      return settle(batch, await handler(batch, lost));
    } catch (error) {
      return settleThrown(error);
    }
  };

  /** Buries what is poison. If that cannot be, nothing of the batch is done, and it comes again. */
  const buried = async (batch: readonly Taken[], settlement: Settlement): Promise<Settlement> => {
    const burials = new Map(settlement.poison.map((burial) => [burial.offset, burial]));
    const letters = batch.flatMap((taken) => {
      const burial = burials.get(taken.message.offset);
      return burial === undefined ? [] : [letterOf(taken, burial, group)];
    });
    if (letters.length === 0) return settlement;
    try {
      await bury(letters);
    } catch (error) {
      const retry = `the dead letters cannot be written: ${wordOf(error)}`;
      return { passed: 0, poison: [], retry };
    }
    for (const { offset, reason } of settlement.poison)
      log.warn({ topic, group, offset: String(offset), reason }, 'dead letter');
    return settlement;
  };

  /** Says to the group that we are alive while a handler works, and hears from it. */
  const pulse = (
    heartbeat: () => Promise<void>,
    current: Generation,
  ): { rebalancing(): boolean; stop(): void } => {
    let rebalancing = false;
    const beat = async (): Promise<void> => {
      try {
        await heartbeat();
      } catch (error) {
        // The others wait for us to end what is in hand; until then we stay a member by saying so.
        if (protocolErrorOf(error) === 'REBALANCE_IN_PROGRESS') rebalancing = true;
        else {
          clearInterval(timer);
          current.end(error);
        }
      }
    };
    const timer = setInterval(() => void beat(), limits.heartbeatEveryMs / 2);
    return { rebalancing: () => rebalancing, stop: () => clearInterval(timer) };
  };

  const tryLater = (
    payload: EachBatchPayload,
    state: PartitionState,
    next: Message | undefined,
    reason: string,
  ): void => {
    const attempts = (state.retrying?.attempts ?? 0) + 1;
    state.retrying = { attempts, reason };
    state.size = 1;
    const { partition } = payload.batch;
    log.warn(
      { partition: `${topic}/${partition}`, group, offset: String(next?.offset), attempts, reason },
      'a message is tried again later',
    );
    const resume = payload.pause();
    const delayMs = growingDelayMs(attempts, limits.retryDelayMinMs, limits.retryDelayMaxMs);
    setTimeout(resume, delayMs).unref();
  };

  const eachBatch = async (payload: EachBatchPayload): Promise<void> => {
    const { partition, messages } = payload.batch;
    const state = stateOf(partition);
    const current = generation;
    const beating = pulse(() => payload.heartbeat(), current);
    try {
      let at = 0;
      while (at < messages.length && !stopping && !beating.rebalancing()) {
        const taken = messages
          .slice(at, at + state.size)
          .map((record): Taken => ({ record, message: messageOf(topic, partition, record) }));
        const chunk = taken.map(({ message }) => message);
        const settlement = await buried(taken, await ask(chunk, current.lost));
        current.lost.throwIfAborted();
        const last = chunk[settlement.passed - 1];
        if (last !== undefined) {
          payload.resolveOffset(String(last.offset));
          await payload.commitOffsetsIfNecessary(payload.uncommittedOffsets());
          delete state.retrying;
          at += settlement.passed;
        }
        if (settlement.retry !== undefined) {
          tryLater(payload, state, chunk[settlement.passed], settlement.retry);
          return;
        }
        state.size = Math.min(batchMax, 2 * state.size);
      }
    } finally {
      beating.stop();
    }
  };

  return {
    assigned: (partitions) => {
      generation.end(new Error('the group has shared its partitions anew'));
      generation = new Generation();
      assigned = partitions;
      for (const partition of states.keys())
        if (!partitions.includes(partition)) states.delete(partition);
    },
    revoked: (reason) => {
      generation.end(new Error(reason));
      assigned = [];
    },
    partitions: () => assigned,
    retrying: () =>
      new Map(
        [...states].flatMap(([partition, { retrying }]) =>
          retrying === undefined ? [] : [[partition, retrying] as const],
        ),
      ),
    stop: () => {
      stopping = true;
    },
    eachBatch,
  };
};
