import type { FactId } from '@tallystick/kernel';
import type { Database } from '@tallystick/postgres';
import { z } from 'zod';

/** What became of a partner's event. */
export interface Outcome {
  readonly fact: string;
  readonly status: 'waiting' | 'nothing' | 'awarded';
  readonly points: number;
  readonly reason: string | null;
}

interface Heard {
  readonly type: string;
  readonly data: unknown;
}

const kind = 'partnerevent/';
const ofPartner = z.string().startsWith(kind);

/** Whether a text can hold an outcome at all: most of what is on these topics is receipts, and is not even parsed. */
export const mayTell = (json: string): boolean => json.includes(`"${kind}`);

const earned = z.object({
  fact: ofPartner,
  points: z.int().min(0),
  reason: z.string().nullable(),
});
const parked = z.object({ fact: ofPartner });
const pinned = z.object({
  fact: ofPartner,
  pin: z.object({ nothing: z.string().nullable() }).nullable(),
});

/**
 * What an event of accrual or of the ledger says of a partner's event; undefined: nothing. Throws on one that is not
 * of its shape. `PointsEarned` is heard on `ledger`, the others on `receipt-log`.
 */
export const outcomeIn = ({ type, data }: Heard): Outcome | undefined => {
  const isOurs = z.object({ fact: ofPartner }).safeParse(data).success;
  if (!isOurs) return undefined;
  switch (type) {
    case 'PointsEarned': {
      const { fact, points, reason } = earned.parse(data);
      return { fact, status: points > 0 ? 'awarded' : 'nothing', points, reason };
    }
    case 'FactParked':
      return {
        fact: parked.parse(data).fact,
        status: 'waiting',
        points: 0,
        reason: 'card-unknown',
      };
    case 'PartnerEventRegistered':
    case 'FactPinned': {
      const { fact, pin } = pinned.parse(data);
      if (pin === null) return { fact, status: 'waiting', points: 0, reason: 'card-unknown' };
      return pin.nothing === null
        ? undefined
        : { fact, status: 'nothing', points: 0, reason: pin.nothing };
    }
    default:
      return undefined;
  }
};

/** Later ones count, but nothing goes back to waiting: two topics do not keep each other's order. */
const latest = (outcomes: readonly Outcome[]): Outcome[] => {
  const byFact = new Map<string, Outcome>();
  for (const outcome of outcomes) {
    const before = byFact.get(outcome.fact);
    if (before === undefined || outcome.status !== 'waiting') byFact.set(outcome.fact, outcome);
  }
  return [...byFact.values()].sort((a, b) => (a.fact < b.fact ? -1 : 1));
};

export const keepOutcomes = async (db: Database, outcomes: readonly Outcome[]): Promise<void> => {
  if (outcomes.length === 0) return;
  await db.query(
    `insert into outcomes (fact, status, points, reason)
     select fact, status, points, reason
       from jsonb_to_recordset($1::jsonb) as t(fact text, status text, points bigint, reason text)
     on conflict (fact) do update
       set status = excluded.status, points = excluded.points, reason = excluded.reason
       where excluded.status <> 'waiting'`,
    [JSON.stringify(latest(outcomes))],
  );
};

const row = z.object({
  status: z.enum(['waiting', 'nothing', 'awarded']),
  points: z.coerce.number().int(),
  reason: z.string().nullable(),
});

export const outcomeOf = async (
  db: Database,
  fact: FactId,
): Promise<z.output<typeof row> | undefined> => {
  const { rows } = await db.query('select status, points, reason from outcomes where fact = $1', [
    fact,
  ]);
  return z.array(row).parse(rows)[0];
};
