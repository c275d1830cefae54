import type { Pool } from 'pg';
import {
  accountId,
  programId,
  type AccountId,
  type Instant,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';
import { transaction } from '@tallystick/postgres';
import type { HeardEvent } from '../accounts/decode-heard-event.js';
import { certificatesDueAfter } from '../certificates/due-certificates.js';
import type { Catalog } from '../programs/catalog.js';
import { dueAfter } from './due-after.js';

export interface DueAccount {
  readonly stream: StreamName;
  readonly program: ProgramId;
  readonly account: AccountId;
}

/** What looking at an account came to: when to look again (null: when the next event names a date), or that it failed. */
export type Looked =
  { readonly kind: 'done'; readonly nextDue: Instant | null } | { readonly kind: 'failed' };

/** How long an account that failed is left alone, so that it does not stand in the way of the others. */
const restAfterFailure = '10 minutes';

interface Row {
  readonly stream: StreamName;
  readonly program: string;
  readonly account: string;
}

/** When something may lapse on which account: accrual's own note, made from the bus without folding anything. */
export class DueAccounts {
  constructor(
    private readonly db: Pool,
    private readonly catalog: Catalog,
  ) {}

  /** Writes only where an earlier date is told than is known. */
  async note(heard: readonly HeardEvent[]): Promise<void> {
    const due = new Map<StreamName, Instant>();
    const consider = (stream: StreamName, at: Instant | null): void => {
      const known = due.get(stream);
      if (at !== null && (known === undefined || at < known)) due.set(stream, at);
    };
    for (const [name, events] of Map.groupBy(heard, programOf)) {
      const program = await this.catalog.read(name);
      for (const event of events) {
        consider(event.stream, dueAfter(event));
        if (program !== null) consider(event.stream, certificatesDueAfter(event, program));
      }
    }
    if (due.size === 0) return;
    // In one order everywhere, so that two who note never wait for each other in a circle.
    const streams = [...due.keys()].sort();
    await this.db.query(
      `insert into due_accounts (stream, next_due)
       select * from unnest($1::text[], $2::timestamptz[])
       on conflict (stream) do update set next_due = excluded.next_due
         where excluded.next_due < due_accounts.next_due`,
      [streams, streams.map((stream) => due.get(stream))],
    );
  }

  /**
   * Takes accounts that are due, in the order in which they are, has them looked at, and notes when to look again. They are nobody else's
   * meanwhile: what is noted of them waits, so that a date that the look had not seen yet cannot be lost. Answers how many it took.
   */
  async take(
    now: Instant,
    accountsMax: number,
    look: (accounts: readonly DueAccount[]) => Promise<ReadonlyMap<StreamName, Looked>>,
  ): Promise<number> {
    return transaction(this.db, async (tx) => {
      const { rows } = await tx.query<Row>(
        `select due_accounts.stream, program, account
         from due_accounts join accounts using (stream)
         where next_due <= $1 and (rests_until is null or rests_until <= now())
         order by next_due, due_accounts.stream limit $2 for update of due_accounts skip locked`,
        [now, accountsMax],
      );
      if (rows.length === 0) return 0;
      const looked = await look(
        rows.map(({ stream, program, account }) => ({
          ...{ stream, program: programId(program), account: accountId(account) },
        })),
      );
      const done = [...looked].flatMap(([stream, one]) =>
        one.kind === 'done' ? [{ stream, nextDue: one.nextDue }] : [],
      );
      const over = done.filter(({ nextDue }) => nextDue === null).map(({ stream }) => stream);
      const again = done.filter(({ nextDue }) => nextDue !== null);
      const failed = [...looked].flatMap(([stream, { kind }]) =>
        kind === 'failed' ? [stream] : [],
      );
      await tx.query('delete from due_accounts where stream = any($1::text[])', [over]);
      await tx.query(
        `update due_accounts set next_due = looked.next_due, rests_until = null
         from unnest($1::text[], $2::timestamptz[]) as looked (stream, next_due)
         where due_accounts.stream = looked.stream`,
        [again.map(({ stream }) => stream), again.map(({ nextDue }) => nextDue)],
      );
      await tx.query(
        `update due_accounts set rests_until = now() + $2::interval where stream = any($1::text[])`,
        [failed, restAfterFailure],
      );
      return rows.length;
    });
  }
}

const programOf = ({ stream }: HeardEvent): ProgramId =>
  programId(decodeURIComponent(stream.split('-')[1] ?? ''));
