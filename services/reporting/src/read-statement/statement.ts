import { z } from 'zod';
import { ledgerStream, Points, type AccountId, type ProgramId } from '@tallystick/kernel';
import type { Database } from '@tallystick/postgres';

export const pageMax = 200;
export const pageDefault = 50;

export const entryLot = z.object({
  lot: z.string(),
  points: z.int(),
  rule: z.string().optional(),
  kind: z.string().optional(),
  availableAt: z.string().optional(),
  expiresAt: z.string().nullish(),
});

export interface Entry {
  readonly revision: number;
  readonly at: string;
  readonly recordedAt: string;
  readonly type: string;
  readonly points: number;
  readonly reason: string;
  readonly fact: string | null;
  readonly lots: readonly z.output<typeof entryLot>[];
}

export interface Page {
  /** Newest first. */
  readonly entries: readonly Entry[];
  /** The revision of the oldest entry here, when there are older ones. */
  readonly older: number | null;
}

interface EntryRow {
  readonly revision: number;
  readonly at: string;
  readonly recorded_at: string;
  readonly type: string;
  readonly points: bigint;
  readonly reason: string;
  readonly fact: string | null;
  readonly lots: unknown;
}

/** A page of an account's entries, newest first: those before revision `before`, or the newest. */
export const readStatement = async (
  db: Database,
  of: { readonly program: ProgramId; readonly account: AccountId },
  page: { readonly before: number | null; readonly limit: number },
): Promise<Page> => {
  const { rows } = await db.query<EntryRow>(
    `select revision, at, recorded_at, type, points, reason, fact, lots from statement_entries
     where stream = $1 and ($2::int is null or revision < $2)
     order by revision desc limit $3`,
    [ledgerStream(of.program, of.account), page.before, page.limit + 1],
  );
  const entries = rows.slice(0, page.limit).map(entryOf);
  return { entries, older: rows.length > page.limit ? (entries.at(-1)?.revision ?? null) : null };
};

const entryOf = ({ recorded_at, points, lots, ...row }: EntryRow): Entry => ({
  ...row,
  recordedAt: recorded_at,
  points: Points.points(points),
  lots: z.array(entryLot).parse(lots),
});
