import type { Pool } from 'pg';
import type { CardLinked } from '@tallystick/contracts';
import {
  accountId,
  type AccountId,
  type CardToken,
  type Instant,
  type ProgramId,
} from '@tallystick/kernel';
import type { ArrearsPolicy } from '@tallystick/ledger';
import { arrearsPolicyOf, type Rulebook } from '@tallystick/rulebook';

/** What a programme says of spending. */
export interface SpendingTerms {
  readonly currency: string;
  /** `points` are worth `value` in major units; null: points buy rewards only. */
  readonly redemption: { readonly points: number; readonly value: string } | null;
  readonly refundGraceDays: number;
  /** How what an account owes is settled when points come to it. */
  readonly arrearsPolicy: ArrearsPolicy;
}

interface ProgramRow {
  readonly currency: string;
  readonly redemption_points: string | number | bigint | null;
  readonly redemption_value: string | null;
  readonly refund_grace_days: number;
  readonly arrears_policy: ArrearsPolicy;
}

/**
 * Redemption's own notes of what other services said over the bus. They are read anew each time: another process may have heard what this one
 * has not. Who spends from an account by its id reads none of them.
 */
export class Heard {
  constructor(private readonly db: Pool) {}

  async linked(link: CardLinked): Promise<void> {
    await this.db.query(
      `insert into card_links (program, card, account, linked_from) values ($1, $2, $3, $4)
       on conflict (program, card, linked_from) do update set account = excluded.account`,
      [link.program, link.card, link.account, link.from],
    );
  }

  async published(book: Rulebook): Promise<void> {
    await this.db.query(
      `insert into programs
         (program, version, effective_from, currency, redemption_points, redemption_value,
          refund_grace_days, arrears_policy)
       values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (program, version) do nothing`,
      [
        book.program,
        book.version,
        book.effectiveFrom,
        book.currency,
        book.redemption?.points ?? null,
        book.redemption?.value ?? null,
        book.refunds.graceDays,
        arrearsPolicyOf(book),
      ],
    );
  }

  /** Whose card it is at a moment; null when nobody is known to have it. */
  async ownerOf(program: ProgramId, card: CardToken, at: Instant): Promise<AccountId | null> {
    const { rows } = await this.db.query<{ account: string }>(
      `select account from card_links where program = $1 and card = $2
       order by (linked_from <= $3) desc,
                case when linked_from <= $3 then linked_from end desc, linked_from limit 1`,
      [program, card, at],
    );
    return rows[0] === undefined ? null : accountId(rows[0].account);
  }

  /** The terms in force at a moment; null before the programme has begun. */
  async termsAt(program: ProgramId, at: Instant): Promise<SpendingTerms | null> {
    const { rows } = await this.db.query<ProgramRow>(
      `select currency, redemption_points, redemption_value, refund_grace_days, arrears_policy from programs
       where program = $1 and effective_from <= $2 order by effective_from desc, version desc limit 1`,
      [program, at],
    );
    const [row] = rows;
    if (row === undefined) return null;
    const { redemption_points: points, redemption_value: value } = row;
    return {
      currency: row.currency,
      redemption: points === null || value === null ? null : { points: Number(points), value },
      refundGraceDays: row.refund_grace_days,
      arrearsPolicy: row.arrears_policy,
    };
  }
}
