import type { Pool } from 'pg';
import { programId, type FactId } from '@tallystick/kernel';
import { balanceFact, type BalanceName } from './opening-balance.js';

/**
 * Balances that were begun, and were not heard of on their account: accrual's own note, made from the bus. Only needed where a store writes
 * one stream after another; one that writes both at once leaves nothing unfinished.
 */
export class UnfinishedBalances {
  constructor(private readonly db: Pool) {}

  async begun(balance: BalanceName): Promise<void> {
    const { program, system, reference } = balance;
    await this.db.query(
      `insert into unfinished_balances (fact, program, system, reference)
       values ($1, $2, $3, $4) on conflict (fact) do nothing`,
      [balanceFact(balance), program, system, reference],
    );
  }

  async imported(facts: readonly FactId[]): Promise<void> {
    if (facts.length === 0) return;
    await this.db.query('delete from unfinished_balances where fact = any($1::text[])', [facts]);
  }

  async olderThan(ageMs: number, balancesMax: number): Promise<readonly BalanceName[]> {
    const { rows } = await this.db.query<{ program: string; system: string; reference: string }>(
      `select program, system, reference from unfinished_balances
       where noted_at < now() - make_interval(secs => $1) order by noted_at limit $2`,
      [ageMs / 1000, balancesMax],
    );
    return rows.map((row) => ({ ...row, program: programId(row.program) }));
  }
}
