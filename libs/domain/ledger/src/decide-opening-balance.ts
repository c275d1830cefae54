import { Points, invariant, type FactId, type Instant } from '@tallystick/kernel';
import type { Account } from './account.js';
import type { OpeningBalanceImported } from './events-closing.js';
import type { Lot } from './events.js';
import { closedTo, hasRoomFor, knownOf, type BeyondLimit, type MergedAway } from './lots.js';
import { payArrearsFrom, unlapsed, type ArrearsPolicy } from './take.js';

export interface ImportCommand {
  readonly fact: FactId;
  readonly factHash: string;
  readonly system: string;
  readonly reference: string;
  /** Each with the dates that the old system gave it; their ids are made here. */
  readonly lots: readonly Omit<Lot, 'id'>[];
  readonly spend: { readonly [year: string]: number };
  readonly arrearsPolicy?: ArrearsPolicy;
}

export type ImportDecision =
  | { readonly kind: 'imported'; readonly event: OpeningBalanceImported }
  | { readonly kind: 'known' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'unopened' }
  /** `year`: of the spend that is too much; null: the points are. */
  | (BeyondLimit & { readonly year: string | null })
  | MergedAway;

/** Takes over a balance of the system that we replace, once per reference. */
export const decideImport = (
  account: Account,
  command: ImportCommand,
  at: Instant,
): ImportDecision => {
  const { fact, factHash, system, reference, spend } = command;
  const answer = knownOf(account, fact, factHash) ?? closedTo(account);
  if (answer !== null) return answer;
  invariant(
    command.lots.every(({ points }) => points > 0),
    'a lot that is imported holds something',
  );
  const points = Points.total(command.lots.map((lot) => lot.points));
  if (!hasRoomFor(account, points)) return { kind: 'beyond-limit', year: null };
  for (const [year, minor] of Object.entries(spend)) {
    if (!Number.isSafeInteger((account.spend.get(year) ?? 0) + minor))
      return { kind: 'beyond-limit', year };
  }
  const lots = command.lots.map((lot, index) => ({ ...lot, id: `${fact}#1.${index}` }));
  return {
    kind: 'imported',
    event: {
      type: 'OpeningBalanceImported',
      data: {
        ...{ fact, factHash, system, reference, spend, lots },
        ...{ occurredAt: at, points },
        arrearsPaid: payArrearsFrom(account, unlapsed(lots, at), command.arrearsPolicy),
      },
    },
  };
};
