import type { Pool } from 'pg';
import {
  accountId,
  programId,
  type AccountId,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';
import type { HeardEvent } from './decode-heard-event.js';

/** An account of a programme, as the bus told of it. */
export interface KnownAccount {
  readonly program: ProgramId;
  readonly account: AccountId;
  readonly stream: StreamName;
}

interface Row {
  readonly stream: StreamName;
  readonly program: string;
  readonly account: string;
}

interface Asked {
  readonly stream: StreamName;
  readonly resolve: (revision: number | null) => void;
  readonly reject: (error: unknown) => void;
}

/** Which accounts there are, and where each one's newest closed period begins: accrual's own note of what the ledger says, made from the bus. */
export class KnownAccounts {
  private asked: Asked[] = [];

  constructor(private readonly db: Pool) {}

  /** Any number of times, in any order: an account is there once, and its newest closed period stays the newest. */
  async note(heard: readonly HeardEvent[]): Promise<void> {
    const opened = heard.flatMap(({ stream, event }) =>
      event?.type === 'AccountOpened' ? [{ stream, ...event.data }] : [],
    );
    if (opened.length > 0) {
      await this.db.query(
        `insert into accounts (stream, program, account)
         select * from unnest($1::text[], $2::text[], $3::text[]) on conflict (stream) do nothing`,
        [
          opened.map(({ stream }) => stream),
          opened.map(({ program }) => program),
          opened.map(({ account }) => account),
        ],
      );
    }
    const closed = new Map<StreamName, number>();
    for (const { stream, revision, parts, event } of heard) {
      if (event?.type === 'PeriodClosed')
        closed.set(stream, Math.max(revision - parts, closed.get(stream) ?? 0));
    }
    if (closed.size > 0) {
      await this.db.query(
        `update accounts set closed_revision = greatest(closed_revision, closed.revision)
         from unnest($1::text[], $2::integer[]) as closed (stream, revision)
         where accounts.stream = closed.stream`,
        [[...closed.keys()], [...closed.values()]],
      );
    }
  }

  /** The first revision of a stream's newest closed period, as far as it was heard of; null: none. Asked together, answered by one query. */
  closedAt(stream: StreamName): Promise<number | null> {
    return new Promise((resolve, reject) => {
      this.asked.push({ stream, resolve, reject });
      if (this.asked.length === 1) setImmediate(() => void this.answerAsked());
    });
  }

  /** Never rejects: an error goes to those who asked. */
  private async answerAsked(): Promise<void> {
    const asked = this.asked;
    this.asked = [];
    try {
      const { rows } = await this.db.query<{ stream: StreamName; closed_revision: number }>(
        `select stream, closed_revision from accounts
         where stream = any($1::text[]) and closed_revision is not null`,
        [asked.map(({ stream }) => stream)],
      );
      const closed = new Map(rows.map((row) => [row.stream, row.closed_revision]));
      for (const { stream, resolve } of asked) resolve(closed.get(stream) ?? null);
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }

  /** Accounts of a programme in the order of their streams, after one of them (null: from the first). */
  async page(
    program: ProgramId,
    after: StreamName | null,
    accountsMax: number,
  ): Promise<readonly KnownAccount[]> {
    const { rows } = await this.db.query<Row>(
      `select stream, program, account from accounts
       where program = $1 and stream > $2 order by stream limit $3`,
      [program, after ?? '', accountsMax],
    );
    return rows.map((row) => ({
      stream: row.stream,
      program: programId(row.program),
      account: accountId(row.account),
    }));
  }
}
