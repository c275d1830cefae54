import type { Pool } from 'pg';
import type { CardLinked, CardUnlinked } from '@tallystick/contracts';

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
}
