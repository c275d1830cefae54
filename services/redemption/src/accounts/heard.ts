import type { Pool } from 'pg';
import type { CardLinked, CardUnlinked } from '@tallystick/contracts';
import type { Instant, ProgramId } from '@tallystick/kernel';
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

/** Every process of redemption is told here which card, by its `cardKey`, has got another owner. */
export const relinkedChannel = 'redemption_cards';

/** A card's token has no `/`. */
export const cardKey = (program: string, card: string): string => `${program}/${card}`;

/**
 * Redemption's own notes of what other services said over the bus. They are read anew each time: another process may have heard what this one
 * has not. Who spends from an account by its id reads none of them; who spends by a card asks `CardOwners`.
 */
export class Heard {
  constructor(private readonly db: Pool) {}

  /** A card that nobody had is told to nobody: no process keeps that. */
  async linked(link: CardLinked): Promise<void> {
    await this.db.query(
      `with linked as (
         insert into card_links (program, card, account, linked_from) values ($1, $2, $3, $4)
         on conflict (program, card, linked_from) do update set account = excluded.account
         returning program, card)
       select pg_notify($5, $6) from linked
        where exists (select from card_links other
                       where other.program = linked.program and other.card = linked.card
                         and other.account <> $3)`,
      [
        ...[link.program, link.card, link.account, link.from],
        ...[relinkedChannel, cardKey(link.program, link.card)],
      ],
    );
  }

  /** From then on nobody spends by the card what is on that account. */
  async unlinked({ program, card, account, from, until }: CardUnlinked): Promise<void> {
    await this.db.query(
      `with ended as (
         update card_links set linked_until = $5
          where program = $1 and card = $2 and account = $3 and linked_from = $4
         returning 1)
       select pg_notify($6, $7) from ended`,
      [program, card, account, from, until, relinkedChannel, cardKey(program, card)],
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
