import type { Pool } from 'pg';
import type { StreamName } from '@tallystick/kernel';

/** Where nobody closes periods, an account is read without asking for them; that somebody has begun to is noticed this much later. */
const askAgainMs = 60_000;

/** Where the newest closed period of each account begins, as far as was heard over the bus: hints, so that folding may begin there. */
export class Closings {
  private noneUntilMs = 0;

  constructor(
    private readonly db: Pool,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  async heard(stream: string, revision: number): Promise<void> {
    this.noneUntilMs = 0;
    await this.db.query(
      `insert into closings (stream, revision) values ($1, $2)
       on conflict (stream) do update set revision = greatest(closings.revision, excluded.revision)`,
      [stream, revision],
    );
  }

  /** The first revision of an account's newest closed period; null: none is known of. */
  async closedAt(stream: StreamName): Promise<number | null> {
    if (this.nowMs() < this.noneUntilMs) return null;
    const { rows } = await this.db.query<{ revision: number | null; any: boolean }>(
      `select (select revision from closings where stream = $1) as revision,
              exists (select from closings) as any`,
      [stream],
    );
    const [row] = rows;
    if (row?.any !== true) this.noneUntilMs = this.nowMs() + askAgainMs;
    return row?.revision ?? null;
  }
}
