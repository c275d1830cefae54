import type { Pool } from 'pg';
import { instant, programId, type Instant, type ProgramId } from '@tallystick/kernel';
import { transaction } from '@tallystick/postgres';
import type { Catalog } from '../programs/catalog.js';

/**
 * When a version that gives certificates comes into force, all accounts of its programme are looked at once: what they did before in the
 * periods under way counts too, and was noted when nobody asked for it.
 */
export class CertificateVersions {
  constructor(
    private readonly db: Pool,
    private readonly catalog: Catalog,
  ) {}

  /** Notes the accounts of programmes with a version that is new to this note. Any number of times, by any number of processes. */
  async noteNew(at: Instant): Promise<void> {
    for (const program of await this.programs()) {
      const published = await this.catalog.read(program);
      const begun = published?.versions.findLast(
        ({ book }) => book.certificates !== undefined && instant(book.effectiveFrom) <= at,
      );
      if (begun !== undefined) await this.noteVersion(program, begun.ref.version, at);
    }
  }

  private async noteVersion(program: ProgramId, version: number, at: Instant): Promise<void> {
    await transaction(this.db, async (tx) => {
      const { rowCount } = await tx.query(
        `insert into certificate_versions (program, version) values ($1, $2)
         on conflict (program) do update set version = excluded.version
           where certificate_versions.version < excluded.version`,
        [program, version],
      );
      if (rowCount === 0) return;
      await tx.query(
        `insert into due_accounts (stream, next_due)
         select stream, $2 from accounts where program = $1 order by stream
         on conflict (stream) do update set next_due = excluded.next_due
           where excluded.next_due < due_accounts.next_due`,
        [program, at],
      );
    });
  }

  /** Programmes that have accounts, one step of the index for each. */
  private async programs(): Promise<readonly ProgramId[]> {
    const { rows } = await this.db.query<{ program: string }>(
      `with recursive found (program) as (
         (select program from accounts order by program limit 1)
         union all
         select (select program from accounts where accounts.program > found.program order by program limit 1)
         from found where found.program is not null
       ) select program from found where program is not null`,
    );
    return rows.map(({ program }) => programId(program));
  }
}
