import type { Pool } from 'pg';
import { instantOfEpochMs, programId, type Instant, type ProgramId } from '@tallystick/kernel';
import type { Named } from './signed-streams.js';

/** What the bus told of a request. */
export interface RequestHeard extends Named {
  readonly revision: number;
  /** `requested`: open. `approved`: on its way to the accounts. Anything else: over. */
  readonly status: string;
  readonly at: Instant;
}

export interface ListedRequest {
  readonly id: string;
  readonly requestedAt: Instant;
}

/** Which requests of one kind are open: a service's own note, made from the bus. What they say is in their streams. */
export class RequestsView {
  constructor(
    private readonly db: Pool,
    /** Its table, and the column that names a request: names of ours, nothing to escape. */
    private readonly of: { readonly table: string; readonly id: string },
  ) {}

  /** In the order of each one's stream. What was noted before changes nothing. */
  async note({ program, id, revision, status, at }: RequestHeard): Promise<void> {
    const { table, id: column } = this.of;
    await this.db.query(
      `insert into ${table} (program, ${column}, revision, status, requested_at)
       values ($1, $2, $3, $4, $5)
       on conflict (program, ${column}) do update
         set revision = excluded.revision, status = excluded.status, noted_at = now()
         where ${table}.revision < excluded.revision`,
      [program, id, revision, status, at],
    );
  }

  /** Open ones of a programme, the oldest first, after one of them. */
  async open(
    program: ProgramId,
    after: ListedRequest | null,
    requestsMax: number,
  ): Promise<readonly ListedRequest[]> {
    const { table, id: column } = this.of;
    const { rows } = await this.db.query<{ id: string; requested_at: Date }>(
      `select ${column} as id, requested_at from ${table}
       where program = $1 and status = 'requested'
         and ($2::timestamptz is null or (requested_at, ${column}) > ($2, $3))
       order by requested_at, ${column} limit $4`,
      [program, after?.requestedAt ?? null, after?.id ?? '', requestsMax],
    );
    return rows.map((row) => ({
      id: row.id,
      requestedAt: instantOfEpochMs(row.requested_at.getTime()),
    }));
  }

  /** Approved, and not heard of as applied since: a crash may have come between. */
  async unfinished(olderThanMs: number, requestsMax: number): Promise<readonly Named[]> {
    const { table, id: column } = this.of;
    const { rows } = await this.db.query<{ program: string; id: string }>(
      `select program, ${column} as id from ${table}
       where status = 'approved' and noted_at < now() - make_interval(secs => $1)
       order by noted_at limit $2`,
      [olderThanMs / 1000, requestsMax],
    );
    return rows.map(({ program, id }) => ({ program: programId(program), id }));
  }
}
