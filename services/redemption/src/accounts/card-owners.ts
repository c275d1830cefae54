import type { Pool } from 'pg';
import {
  accountId,
  type AccountId,
  type CardToken,
  type Instant,
  type ProgramId,
} from '@tallystick/kernel';

interface Asked {
  readonly program: ProgramId;
  readonly card: CardToken;
  readonly at: Instant;
  readonly resolve: (owner: AccountId | null) => void;
  readonly reject: (error: unknown) => void;
}

/** Cards of one query. */
const cardsMax = 1_000;

const owners = {
  name: 'redemption-card-owners',
  text: `select asked.number, owner.account
    from unnest($1::text[], $2::text[], $3::timestamptz[]) with ordinality as asked (program, card, at, number),
    lateral (select account from card_links
              where program = asked.program and card = asked.card
              order by (linked_from <= asked.at) desc,
                       case when linked_from <= asked.at then linked_from end desc, linked_from limit 1) as owner`,
};

/**
 * Whose cards are, as redemption's notes have it now: nothing is kept in memory, where it would be wrong once another process has heard
 * better. Those who ask while a query is under way share the next one.
 */
export class CardOwners {
  private waiting: Asked[] = [];
  private asking = false;

  constructor(private readonly db: Pool) {}

  /** Whose card it is at a moment; null when nobody is known to have it. */
  ownerOf(program: ProgramId, card: CardToken, at: Instant): Promise<AccountId | null> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ program, card, at, resolve, reject });
      if (this.asking) return;
      this.asking = true;
      // Callers that were answered together come back in this turn of the event loop: let them in.
      setImmediate(() => void this.ask());
    });
  }

  /** Never rejects: an error goes to those who asked. */
  private async ask(): Promise<void> {
    while (this.waiting.length > 0) {
      const asked = this.waiting.splice(0, cardsMax);
      try {
        const { rows } = await this.db.query<{ number: bigint; account: string }>({
          ...owners,
          values: [
            asked.map(({ program }) => program),
            asked.map(({ card }) => card),
            asked.map(({ at }) => at),
          ],
        });
        const found = new Map(rows.map(({ number, account }) => [Number(number), account]));
        for (const [index, { resolve }] of asked.entries()) {
          const account = found.get(index + 1);
          resolve(account === undefined ? null : accountId(account));
        }
      } catch (error) {
        for (const { reject } of asked) reject(error);
      }
    }
    this.asking = false;
  }
}
