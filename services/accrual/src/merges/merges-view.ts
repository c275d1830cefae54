import type { Pool } from 'pg';
import { RequestsView, requestHeard } from '@tallystick/accounts/signed';
import { programId, type FactId, type ProgramId } from '@tallystick/kernel';
import type { MergeStatus } from './merge.js';

/** Which merges are asked for and wait for approval. */
export class MergeRequestsView extends RequestsView {
  constructor(db: Pool) {
    super(db, { table: 'merge_requests', id: 'merge' });
  }
}

const statusAfter: Readonly<Record<string, MergeStatus>> = {
  MergeProposed: 'requested',
  MergeApproved: 'approved',
  MergeRefused: 'requested',
  MergeApplied: 'applied',
  MergeRejected: 'rejected',
};

/** What an event of a merge's own stream says of where it stands; null for any other event. */
export const mergeHeard = requestHeard('merge', statusAfter);

export interface UnfinishedMerge {
  readonly program: ProgramId;
  readonly merge: string;
}

/** Merges that were registered, and whether they were heard of as arrived: accrual's own note, made from the bus. */
export class MergesView {
  constructor(private readonly db: Pool) {}

  async requested(fact: FactId, { program, merge }: UnfinishedMerge): Promise<void> {
    await this.db.query(
      `insert into merges (fact, program, merge) values ($1, $2, $3)
       on conflict (fact) do update set program = excluded.program, merge = excluded.merge`,
      [fact, program, merge],
    );
  }

  /** May be heard of before it is heard of as requested: they come over different topics. */
  async arrived(facts: readonly FactId[]): Promise<void> {
    if (facts.length === 0) return;
    await this.db.query(
      `insert into merges (fact, done) select unnest($1::text[]), true
       on conflict (fact) do update set done = true`,
      [[...new Set(facts)]],
    );
  }

  async unfinished(olderThanMs: number, mergesMax: number): Promise<readonly UnfinishedMerge[]> {
    const { rows } = await this.db.query<{ program: string; merge: string }>(
      `select program, merge from merges
       where not done and noted_at < now() - make_interval(secs => $1) order by noted_at limit $2`,
      [olderThanMs / 1000, mergesMax],
    );
    return rows.map((row) => ({ program: programId(row.program), merge: row.merge }));
  }
}
