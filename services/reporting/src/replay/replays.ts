import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { Connection } from '@tallystick/postgres';
import { isAway } from '@tallystick/service-host';
import { PARTS, type Parts } from '../parts.js';
import { ensureViews } from '../views/ensure.js';
import { CAUGHT_UP, type CaughtUp } from './caught-up.js';
import { isLocked, tryLock, unlock } from './replay-lock.js';
import {
  endReplay,
  insertReplay,
  markInterrupted,
  noteProgress,
  readReplay,
  runningReplay,
  type Replay,
} from './replay-rows.js';
import type { ReplayReport } from './report.js';
import { runReplay } from './run-replay.js';
import { dropShadow } from './shadow.js';

export type StartAnswer =
  | { readonly kind: 'started'; readonly replay: string }
  /** `replay` is null while the one that runs has not been written down yet. */
  | { readonly kind: 'busy'; readonly replay: string | null };

const progressEveryMs = 500;
/** How long the end of a replay is tried to be written down while the database is away. */
const endAttemptsMax = 60;
const endPauseMs = 1_000;

/** Replay jobs: one at a time over all processes, in the background, each with its report. */
@Injectable()
export class Replays implements OnModuleInit, OnModuleDestroy {
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(
    @Inject(PARTS) private readonly parts: Parts,
    @Inject(CAUGHT_UP) private readonly caughtUp: CaughtUp,
  ) {}

  /** Creates the views of a new installation, and clears away what a replay that was killed has left. */
  async onModuleInit(): Promise<void> {
    await ensureViews(this.parts.db);
    const connection = await this.parts.db.connect();
    try {
      if (!(await tryLock(connection))) return;
      await this.clearAway(connection);
      await unlock(connection);
    } finally {
      connection.release();
    }
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort(new Error('the service is stopping'));
    await this.running;
  }

  async start(options: {
    readonly rebuild: boolean;
    readonly requestedBy: string;
  }): Promise<StartAnswer> {
    const { db, clock } = this.parts;
    const connection = await db.connect();
    let locked = false;
    try {
      locked = await tryLock(connection);
      if (!locked) return { kind: 'busy', replay: await runningReplay(connection) };
      await this.clearAway(connection);
      const replay = randomUUID();
      await insertReplay(connection, { replay, at: clock(), ...options });
      this.running = this.run(connection, replay, options.rebuild);
      return { kind: 'started', replay };
    } catch (error) {
      // Ends the connection, and with it the lock.
      connection.release(true);
      locked = true;
      throw error;
    } finally {
      if (!locked) connection.release();
    }
  }

  async read(replay: string): Promise<Replay | null> {
    const { db, clock } = this.parts;
    const found = await readReplay(db, replay);
    if (found?.status !== 'running' || (await isLocked(db))) return found;
    await markInterrupted(db, clock());
    return await readReplay(db, replay);
  }

  private async clearAway(connection: Connection): Promise<void> {
    await markInterrupted(connection, this.parts.clock());
    await dropShadow(connection);
  }

  /** Never rejects: how it ended is written down. */
  private async run(connection: Connection, replay: string, rebuild: boolean): Promise<void> {
    const { store, log } = this.parts;
    const progress = this.progressOf(replay);
    let report: ReplayReport | null = null;
    let failure: unknown = null;
    try {
      report = await runReplay(
        {
          connection,
          store,
          signal: this.stopping.signal,
          folded: (events) => progress.add(events),
          caughtUp: (position, timeoutMs) =>
            this.caughtUp.reached(position, timeoutMs, this.stopping.signal),
        },
        { rebuild },
      );
      log.info(
        { replay, events: progress.events(), equal: report.equal, rebuilt: report.rebuilt },
        'replay done',
      );
    } catch (error) {
      failure = error;
      log.error({ replay, err: error }, 'a replay failed: the live views are as they were');
    }
    await progress.settled();
    await this.end(replay, progress.events(), report, failure);
    try {
      if (failure !== null) await dropShadow(connection);
      await unlock(connection);
      connection.release();
    } catch (error) {
      connection.release(error instanceof Error ? error : true);
    }
  }

  /** Writes progress down now and then; a note that fails is made up for by the next. */
  private progressOf(replay: string): {
    add(events: number): void;
    events(): number;
    settled(): Promise<void>;
  } {
    const { db, log } = this.parts;
    let events = 0;
    let notedAt = 0;
    let note: Promise<void> = Promise.resolve();
    return {
      add: (more) => {
        events += more;
        if (Date.now() - notedAt < progressEveryMs) return;
        notedAt = Date.now();
        note = noteProgress(db, replay, events).catch((error: unknown) =>
          log.warn({ replay, err: error }, "a replay's progress could not be written down"),
        );
      },
      events: () => events,
      settled: () => note,
    };
  }

  private async end(
    replay: string,
    events: number,
    report: ReplayReport | null,
    failure: unknown,
  ): Promise<void> {
    const { db, clock, log } = this.parts;
    const stopped = this.stopping.signal.aborted;
    const status = report !== null ? 'done' : stopped ? 'interrupted' : 'failed';
    const problem = report === null ? messageOf(failure) : null;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await endReplay(db, replay, { status, at: clock(), events, report, problem });
        return;
      } catch (error) {
        if (!isAway(error) || attempt === endAttemptsMax || this.stopping.signal.aborted) {
          log.error({ replay, err: error }, 'the end of a replay could not be written down');
          return;
        }
        await sleep(endPauseMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      }
    }
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
