import { setTimeout as sleep } from 'node:timers/promises';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Pool } from 'pg';
import {
  accountId,
  instant,
  type AccountId,
  type CardToken,
  type Instant,
  type ProgramId,
} from '@tallystick/kernel';
import { cardKey, relinkedChannel } from './heard.js';

interface Asked {
  readonly program: ProgramId;
  readonly card: CardToken;
  readonly at: Instant;
  readonly resolve: (owner: AccountId | null) => void;
  readonly reject: (error: unknown) => void;
}

interface Owner {
  readonly account: AccountId;
  /** The moment that was asked for. */
  readonly from: Instant;
  /** From when on the card is somebody else's, as far as is known by now. */
  readonly until: Instant | null;
}

interface Row {
  readonly number: bigint;
  readonly account: string;
  readonly until: string | null;
}

/** Cards of one query. */
const cardsMax = 1_000;
/** Some 30 MB. */
const keptMax = 100_000;
/** However it comes that a change was not told: longer than this no answer is kept. */
const keptMs = 60_000;
const reconnectMs = 500;

const owners = {
  name: 'redemption-card-owners',
  text: `select asked.number, owner.account,
                to_char(owner.until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as until
    from unnest($1::text[], $2::text[], $3::timestamptz[]) with ordinality as asked (program, card, at, number),
    lateral (select link.account, link.linked_until,
                    least(link.linked_until,
                     (select min(later.linked_from) from card_links later
                       where later.program = asked.program and later.card = asked.card
                         and later.linked_from > asked.at and later.linked_from > link.linked_from)) as until
               from card_links link
              where link.program = asked.program and link.card = asked.card
              order by (link.linked_from <= asked.at) desc,
                       case when link.linked_from <= asked.at then link.linked_from end desc,
                       link.linked_from limit 1) as owner
   where owner.linked_until is null or owner.linked_until > asked.at`,
};

/**
 * Whose cards are, as redemption's notes have it. A card that was asked for lately is not asked for again: when it gets another owner, every
 * process is told by the one that heard of it, and one that cannot be told keeps nothing. Those who ask while a query is
 * under way share the next one.
 */
export class CardOwners implements OnApplicationBootstrap, OnApplicationShutdown {
  private waiting: Asked[] = [];
  private asking = false;
  private readonly kept = new LRUCache<string, Owner>({ max: keptMax, ttl: keptMs });
  /** Whether changes are told. */
  private told = false;
  /** Of what was told; what was asked before a change is not kept after it. */
  private changes = 0;
  private readonly closing = new AbortController();
  private listening: Promise<void> = Promise.resolve();

  constructor(private readonly db: Pool) {}

  onApplicationBootstrap(): void {
    this.listening = this.listen();
  }

  async onApplicationShutdown(): Promise<void> {
    this.closing.abort();
    await this.listening;
  }

  /** Whose card it is at a moment; null when nobody is known to have it. */
  ownerOf(program: ProgramId, card: CardToken, at: Instant): Promise<AccountId | null> {
    const known = this.kept.get(cardKey(program, card));
    if (known !== undefined && known.from <= at && (known.until === null || at < known.until))
      return Promise.resolve(known.account);
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
      const { changes } = this;
      try {
        const { rows } = await this.db.query<Row>({
          ...owners,
          values: [
            asked.map(({ program }) => program),
            asked.map(({ card }) => card),
            asked.map(({ at }) => at),
          ],
        });
        const found = new Map(rows.map((row) => [Number(row.number), row]));
        for (const [index, { program, card, at, resolve }] of asked.entries()) {
          const row = found.get(index + 1);
          const owner = row === undefined ? null : ownerIn(row, at);
          if (owner !== null && this.told && changes === this.changes)
            this.kept.set(cardKey(program, card), owner);
          resolve(owner?.account ?? null);
        }
      } catch (error) {
        for (const { reject } of asked) reject(error);
      }
    }
    this.asking = false;
  }

  private async listen(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      // While the database is away nothing is kept, and all is asked.
      await this.listenOnce(signal).catch(() => undefined);
      await sleep(reconnectMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Holds one connection of the pool and listens on it, until it breaks or the signal aborts. */
  private async listenOnce(signal: AbortSignal): Promise<void> {
    const connection = await this.db.connect();
    const ended = Promise.withResolvers<undefined>();
    const end = (): void => ended.resolve(undefined);
    connection.on('notification', ({ payload }) => {
      this.changes += 1;
      this.kept.delete(payload ?? '');
    });
    connection.on('error', end);
    connection.on('end', end);
    signal.addEventListener('abort', end);
    try {
      await connection.query(`listen ${relinkedChannel}`);
      this.changes += 1;
      this.told = true;
      if (!signal.aborted) await ended.promise;
    } finally {
      this.told = false;
      this.kept.clear();
      signal.removeEventListener('abort', end);
      // Not given back: it listens, and may be broken.
      connection.release(true);
    }
  }
}

const ownerIn = ({ account, until }: Row, from: Instant): Owner => ({
  account: accountId(account),
  from,
  until: until === null ? null : instant(until),
});
