import { instant, type Instant } from '@tallystick/kernel';
import type { Database, Queryable } from '@tallystick/postgres';
import { replayReport, type ReplayReport } from './report.js';

/** `interrupted`: its process ended before it did. It changed nothing. */
export const replayStatuses = ['running', 'done', 'failed', 'interrupted'] as const;
export type ReplayStatus = (typeof replayStatuses)[number];

export interface Replay {
  readonly replay: string;
  readonly status: ReplayStatus;
  readonly rebuild: boolean;
  readonly startedAt: Instant;
  readonly endedAt: Instant | null;
  readonly events: number;
  /** Why it failed. */
  readonly problem: string | null;
  readonly report: ReplayReport | null;
}

interface ReplayRow {
  readonly status: ReplayStatus;
  readonly rebuild: boolean;
  readonly started_at: Date;
  readonly ended_at: Date | null;
  readonly events: bigint;
  readonly problem: string | null;
  readonly report: unknown;
}

export const insertReplay = async (
  db: Queryable,
  of: {
    readonly replay: string;
    readonly rebuild: boolean;
    readonly requestedBy: string;
    readonly at: Instant;
  },
): Promise<void> => {
  await db.query(
    `insert into replays (id, status, rebuild, requested_by, started_at) values ($1, 'running', $2, $3, $4)`,
    [of.replay, of.rebuild, of.requestedBy, of.at],
  );
};

export const readReplay = async (db: Database, replay: string): Promise<Replay | null> => {
  const { rows } = await db.query<ReplayRow>(
    `select status, rebuild, started_at, ended_at, events, problem, report from replays where id = $1`,
    [replay],
  );
  const row = rows[0];
  if (row === undefined) return null;
  return {
    replay,
    status: row.status,
    rebuild: row.rebuild,
    startedAt: instant(row.started_at.toISOString()),
    endedAt: row.ended_at === null ? null : instant(row.ended_at.toISOString()),
    events: Number(row.events),
    problem: row.problem,
    report: row.report === null ? null : replayReport.parse(row.report),
  };
};

export const runningReplay = async (db: Queryable): Promise<string | null> => {
  const { rows } = await db.query<{ id: string }>(
    `select id from replays where status = 'running' order by started_at desc limit 1`,
  );
  return rows[0]?.id ?? null;
};

export const noteProgress = async (
  db: Queryable,
  replay: string,
  events: number,
): Promise<void> => {
  await db.query('update replays set events = $2 where id = $1', [replay, events]);
};

export const endReplay = async (
  db: Queryable,
  replay: string,
  end: {
    readonly status: Exclude<ReplayStatus, 'running'>;
    readonly at: Instant;
    readonly events: number;
    readonly report: ReplayReport | null;
    readonly problem: string | null;
  },
): Promise<void> => {
  await db.query(
    `update replays set status = $2, ended_at = $3, events = $4, report = $5, problem = $6 where id = $1`,
    [
      replay,
      end.status,
      end.at,
      end.events,
      end.report === null ? null : JSON.stringify(end.report),
      end.problem,
    ],
  );
};

/** For replays that say they run while nobody holds the lock: their process is gone. */
export const markInterrupted = async (db: Queryable, at: Instant): Promise<void> => {
  await db.query(
    `update replays set status = 'interrupted', ended_at = $1 where status = 'running'`,
    [at],
  );
};
