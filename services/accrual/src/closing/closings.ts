import type { Pool } from 'pg';
import { z } from 'zod';
import {
  instant,
  instantOfEpochMs,
  localDate,
  programId,
  type Instant,
  type LocalDate,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';
import { transaction } from '@tallystick/postgres';
import type { ClosingRequested } from './closing.js';

/** An account that was not closed. What its next closing closes, it closes with it. */
export const refusal = z.object({
  account: z.string(),
  /** `account-too-large`: it carries more than one append takes. `newer-release`: that one wrote what this one does not understand. */
  reason: z.enum(['account-too-large', 'newer-release', 'fault']),
  /** In words, for who looks after the system. */
  detail: z.string(),
});
export type Refusal = z.output<typeof refusal>;

/** How far the closing of a period has come. */
export interface Closing {
  readonly program: ProgramId;
  readonly through: LocalDate;
  readonly until: Instant;
  readonly keepFrom: Instant;
  /** Where it was asked for in the store's order. */
  readonly position: bigint;
  readonly requestedBy: string;
  readonly status: 'running' | 'done';
  /** The last account that was looked at. */
  readonly after: StreamName | null;
  readonly closed: number;
  /** This period, or a later one, was closed before; or the account became part of another one. */
  readonly skipped: number;
  /** It cannot be closed. */
  readonly refused: number;
  /** The first of those, at most `refusalsMax`. */
  readonly refusals: readonly Refusal[];
  readonly endedAt: Instant | null;
}

/** What one batch of accounts came to. */
export interface Progress extends Pick<Closing, 'closed' | 'skipped' | 'refusals'> {
  /** null: there were no more accounts. */
  readonly after: StreamName | null;
}

const refusalsMax = 100;

interface Row {
  readonly program: string;
  readonly through: string;
  readonly until: string;
  readonly keep_from: string;
  readonly position: bigint;
  readonly requested_by: string;
  readonly status: Closing['status'];
  readonly after_stream: StreamName | null;
  readonly closed: number;
  readonly skipped: number;
  readonly refused: number;
  readonly refusals: unknown;
  readonly ended_at: Date | null;
}

const closingOf = (row: Row): Closing => ({
  program: programId(row.program),
  through: localDate(row.through),
  until: instant(row.until),
  keepFrom: instant(row.keep_from),
  position: row.position,
  requestedBy: row.requested_by,
  status: row.status,
  after: row.after_stream,
  closed: row.closed,
  skipped: row.skipped,
  refused: row.refused,
  refusals: z.array(refusal).parse(row.refusals),
  endedAt: row.ended_at === null ? null : instantOfEpochMs(row.ended_at.getTime()),
});

/** The closings that run and ran: a job each, which goes on after any restart from the account where it was. */
export class Closings {
  constructor(private readonly db: Pool) {}

  /** Any number of times: what is there goes on as it is. */
  async note(asked: ClosingRequested, position: bigint): Promise<void> {
    const { program, through, until, keepFrom, requestedBy } = asked;
    await this.db.query(
      `insert into closings (program, through, until, keep_from, position, requested_by)
       values ($1, $2, $3, $4, $5, $6) on conflict (program, through) do nothing`,
      [program, through, until, keepFrom, position, requestedBy],
    );
  }

  async find(program: ProgramId, through: LocalDate): Promise<Closing | null> {
    const { rows } = await this.db.query<Row>(
      'select * from closings where program = $1 and through = $2',
      [program, through],
    );
    return rows[0] === undefined ? null : closingOf(rows[0]);
  }

  /**
   * Takes the closing that was asked for first and is nobody else's at the moment, and has a batch of its accounts closed. False: there was
   * none, or it could not go on yet (`work` answered null).
   */
  async advance(work: (closing: Closing) => Promise<Progress | null>): Promise<boolean> {
    return transaction(this.db, async (tx) => {
      const { rows } = await tx.query<Row>(
        `select * from closings where status = 'running'
         order by position limit 1 for update skip locked`,
      );
      if (rows[0] === undefined) return false;
      const closing = closingOf(rows[0]);
      const progress = await work(closing);
      if (progress === null) return false;
      await tx.query(
        `update closings set closed = closed + $3, skipped = skipped + $4, refused = refused + $5,
           after_stream = coalesce($6, after_stream),
           status = case when $6::text is null then 'done' else 'running' end,
           ended_at = case when $6::text is null then now() end, refusals = $7::jsonb
         where program = $1 and through = $2`,
        [
          ...[closing.program, closing.through],
          ...[progress.closed, progress.skipped, progress.refusals.length, progress.after],
          JSON.stringify([...closing.refusals, ...progress.refusals].slice(0, refusalsMax)),
        ],
      );
      return true;
    });
  }
}
