import type { Pool } from 'pg';
import { instantOfEpochMs, programId, type Instant, type ProgramId } from '@tallystick/kernel';
import type { AdjustmentStatus } from './adjustment.js';

/** What the bus told of an adjustment. */
export interface AdjustmentHeard {
  readonly program: ProgramId;
  readonly adjustment: string;
  readonly revision: number;
  readonly status: AdjustmentStatus;
  readonly at: Instant;
}

export interface ListedAdjustment {
  readonly adjustment: string;
  readonly requestedAt: Instant;
}

/** Which adjustments are open: accrual's own note, made from the bus. What they say is in their streams. */
export class AdjustmentsView {
  constructor(private readonly db: Pool) {}

  /** In the order of each one's stream. What was noted before changes nothing. */
  async note(heard: readonly AdjustmentHeard[]): Promise<void> {
    for (const { program, adjustment, revision, status, at } of heard) {
      await this.db.query(
        `insert into adjustments (program, adjustment, revision, status, requested_at)
         values ($1, $2, $3, $4, $5)
         on conflict (program, adjustment) do update
           set revision = excluded.revision, status = excluded.status, noted_at = now()
           where adjustments.revision < excluded.revision`,
        [program, adjustment, revision, status, at],
      );
    }
  }

  /** Open ones of a programme, the oldest first, after one of them. */
  async open(
    program: ProgramId,
    after: ListedAdjustment | null,
    adjustmentsMax: number,
  ): Promise<readonly ListedAdjustment[]> {
    const { rows } = await this.db.query<{ adjustment: string; requested_at: Date }>(
      `select adjustment, requested_at from adjustments
       where program = $1 and status = 'requested'
         and ($2::timestamptz is null or (requested_at, adjustment) > ($2, $3))
       order by requested_at, adjustment limit $4`,
      [program, after?.requestedAt ?? null, after?.adjustment ?? '', adjustmentsMax],
    );
    return rows.map((row) => ({
      adjustment: row.adjustment,
      requestedAt: instantOfEpochMs(row.requested_at.getTime()),
    }));
  }

  /** Approved, and not heard of as applied since: a crash may have come between. */
  async unfinished(
    olderThanMs: number,
    adjustmentsMax: number,
  ): Promise<readonly { readonly program: ProgramId; readonly adjustment: string }[]> {
    const { rows } = await this.db.query<{ program: string; adjustment: string }>(
      `select program, adjustment from adjustments
       where status = 'approved' and noted_at < now() - make_interval(secs => $1)
       order by noted_at limit $2`,
      [olderThanMs / 1000, adjustmentsMax],
    );
    return rows.map((row) => ({ ...row, program: programId(row.program) }));
  }
}
