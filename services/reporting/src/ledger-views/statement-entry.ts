import type { Json } from '@tallystick/contracts';
import { unreachable, type Instant } from '@tallystick/kernel';
import type { EarnReversed, LedgerEvent, Lot, PointsEarned } from '@tallystick/ledger';
import { describeFact } from './describe-fact.js';

/** One line of an account's statement, as the event says it. */
export interface StatementEntry {
  readonly at: Instant;
  /** What the event adds to what the member has, arrears deducted: all entries together are unspent + held - arrears. */
  readonly points: number;
  /** Why, in words. */
  readonly reason: string;
  readonly fact: string | null;
  /** Which lots came, went or came back; `points` is negative for what went. */
  readonly lots: readonly { readonly [name: string]: Json }[];
}

/** `occurredAt` is the envelope's: an account's opening has no time of its own. */
export const statementEntry = (event: LedgerEvent, occurredAt: Instant): StatementEntry => {
  switch (event.type) {
    case 'AccountOpened':
      return { at: occurredAt, points: 0, reason: 'Account opened', fact: null, lots: [] };
    case 'PointsEarned':
      return {
        at: event.data.occurredAt,
        points: event.data.points,
        reason: earnedReason(event.data),
        fact: event.data.fact,
        lots: event.data.lots.map(({ id, points, rule, kind, availableAt, expiresAt }) => ({
          lot: id,
          points,
          rule,
          kind,
          availableAt,
          expiresAt,
        })),
      };
    case 'EarnReversed':
      return {
        at: event.data.occurredAt,
        points: -event.data.points || 0,
        reason: reversedReason(event.data),
        fact: event.data.fact,
        lots: event.data.taken.map(gone),
      };
    case 'PointsRedeemed': {
      const { occurredAt: at, redemption, points, kind, reference, allocations } = event.data;
      return {
        at,
        points: -points || 0,
        reason: `${amount(points)} redeemed for ${kind}, reference ${reference}`,
        fact: redemption,
        lots: allocations.map(gone),
      };
    }
    case 'RedemptionRefunded': {
      const { occurredAt: at, fact, points, kind, reason, lots, arrearsPaid } = event.data;
      return {
        at,
        points,
        reason: `${amount(points)} back of a redemption for ${kind}: ${reason}${paid(arrearsPaid)}`,
        fact,
        lots: lots.map(({ lot, points: back, expiresAt }) => ({ lot, points: back, expiresAt })),
      };
    }
    default:
      return unreachable(event);
  }
};

const amount = (points: number): string => `${points} ${points === 1 ? 'point' : 'points'}`;
const gone = ({ lot, points }: { lot: string; points: number }) => ({ lot, points: -points || 0 });
const sum = (parts: readonly { readonly points: number }[]): number =>
  parts.reduce((total, { points }) => total + points, 0);
const paid = (arrearsPaid: readonly { readonly points: number }[]): string =>
  arrearsPaid.length === 0 ? '' : `; ${sum(arrearsPaid)} of them paid what was owed`;

const earnedReason = (data: PointsEarned['data']): string => {
  const fact = `${describeFact(data.fact)}${data.factRevision > 1 ? ` (revision ${data.factRevision})` : ''}`;
  const tier = data.tier === null ? '' : `, tier ${data.tier}`;
  const rulebook = `rulebook ${data.rulebook.version}${tier}`;
  if (data.points === 0)
    return `${fact}: no points, ${data.reason ?? 'below-one-point'}, ${rulebook}`;
  return `${fact}: ${byRule(data.lots)}, ${rulebook}${paid(data.arrearsPaid)}`;
};

/** `100 points by rule base, 39 points by rule weekend` */
const byRule = (lots: readonly Lot[]): string => {
  const rules = new Map<string, number>();
  for (const { rule, points } of lots) rules.set(rule, (rules.get(rule) ?? 0) + points);
  return [...rules].map(([rule, points]) => `${amount(points)} by rule ${rule}`).join(', ');
};

const salesNamedMax = 3;
const inSentence = (fact: string): string => describeFact(fact).replace(/^Receipt/, 'receipt');

const reversedReason = (data: EarnReversed['data']): string => {
  const fact = describeFact(data.fact);
  const owed = data.arrearsRaised === 0 ? '' : `; ${data.arrearsRaised} of them are owed`;
  if (data.cause === 'correction') {
    return `${fact}: corrected by revision ${data.factRevision}, ${amount(data.points)} taken back${owed}`;
  }
  const sales = [...new Set(data.reversals.map((reversal) => reversal.fact))];
  const named = sales.slice(0, salesNamedMax).map(inSentence).join(', ');
  const more = sales.length > salesNamedMax ? ` and ${sales.length - salesNamedMax} more` : '';
  const of = sales.length === 0 ? '' : ` of ${named}${more}`;
  const lines = data.unmatched.length;
  const unmatched =
    lines === 0
      ? ''
      : `; ${lines} returned ${lines === 1 ? 'line matches' : 'lines match'} no sale`;
  return `${fact}: return, ${amount(data.points)} taken back${of}${owed}${unmatched}`;
};
