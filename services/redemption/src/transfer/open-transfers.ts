import type { Pool } from 'pg';
import {
  accountId,
  knownFactId,
  programId,
  type AccountId,
  type FactId,
  type ProgramId,
} from '@tallystick/kernel';

/** A transfer that has left its sender. */
export interface OpenTransfer {
  readonly fact: FactId;
  readonly program: ProgramId;
  readonly from: AccountId;
}

/**
 * Transfers whose arrival has not been heard of yet: redemption's own note, made from the bus. The halves are on two streams, so that their order is
 * not kept: a note too many costs one look; one is never missing, because it is made from the stored event.
 */
export class OpenTransfers {
  constructor(private readonly db: Pool) {}

  async left({ fact, program, from }: OpenTransfer): Promise<void> {
    await this.db.query(
      `insert into open_transfers (fact, program, sender) values ($1, $2, $3)
       on conflict (fact) do nothing`,
      [fact, program, from],
    );
  }

  async arrived(fact: FactId): Promise<void> {
    await this.db.query('delete from open_transfers where fact = $1', [fact]);
  }

  /** The longest noted first. */
  async olderThan(ageMs: number, transfersMax: number): Promise<readonly OpenTransfer[]> {
    const { rows } = await this.db.query<{ fact: string; program: string; sender: string }>(
      `select fact, program, sender from open_transfers
       where noted_at < now() - make_interval(secs => $1) order by noted_at, fact limit $2`,
      [ageMs / 1000, transfersMax],
    );
    return rows.map(({ fact, program, sender }) => ({
      fact: knownFactId(fact),
      program: programId(program),
      from: accountId(sender),
    }));
  }
}
