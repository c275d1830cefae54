import { unreachable, type Instant } from '@tallystick/kernel';
import {
  givenBack,
  ownLots,
  type EarnReversed,
  type LedgerEvent,
  type Lot,
  type PointsEarned,
} from '@tallystick/ledger';
import { describeFact } from './describe-fact.js';
import { certificateEntry } from './certificate-entries.js';
import { amount, come, gone, paid, type StatementEntry } from './entry.js';
import { correctionEntry, holdEntry, moveEntry, reratedEntry } from './further-entries.js';

export type { StatementEntry } from './entry.js';

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
        lots: event.data.lots.map(come),
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
    case 'PointsHeld':
    case 'HoldCaptured':
    case 'HoldReleased':
      return holdEntry(event);
    case 'PointsExpired':
    case 'PointsAdjusted':
      return correctionEntry(event);
    case 'PointsTransferred':
    case 'AccountsMerged':
      return moveEntry(event);
    case 'OpeningBalanceImported': {
      const { occurredAt: at, points, system, reference, fact, lots, arrearsPaid } = event.data;
      return {
        at,
        points,
        reason: `Opening balance of ${amount(points)} from ${system}, ${reference}${paid(arrearsPaid)}`,
        fact,
        lots: lots.map(come),
      };
    }
    case 'PeriodClosed': {
      const { occurredAt: at, through, fact } = event.data;
      return { at, points: 0, reason: `Period closed through ${through}`, fact, lots: [] };
    }
    case 'EarningRerated':
      return reratedEntry(event.data);
    case 'CertificateIssued':
    case 'CertificateCorrected':
    case 'CertificateUsed':
    case 'CertificateGivenBack':
    case 'CertificateExpired':
      return certificateEntry(event);
    default:
      return unreachable(event);
  }
};

const earnedReason = (data: PointsEarned['data']): string => {
  const fact = `${describeFact(data.fact)}${data.factRevision > 1 ? ` (revision ${data.factRevision})` : ''}`;
  const tier = data.tier === null ? '' : `, tier ${data.tier}`;
  const rulebook = `rulebook ${data.rulebook.version}${tier}`;
  if (data.points === 0)
    return `${fact}: no points, ${data.reason ?? 'below-one-point'}, ${rulebook}`;
  const back = givenBack(data).map(
    ({ fact: sale, points }) => `${amount(points)} of ${inSentence(sale)} given back`,
  );
  const what = [...byRule(ownLots(data)), ...listed(back)].join(', ');
  return `${fact}: ${what}, ${rulebook}${paid(data.arrearsPaid)}`;
};

/** `100 points by rule base`, `39 points by rule weekend` */
const byRule = (lots: readonly Lot[]): string[] => {
  const rules = new Map<string, number>();
  for (const { rule, points } of lots) rules.set(rule, (rules.get(rule) ?? 0) + points);
  return [...rules].map(([rule, points]) => `${amount(points)} by rule ${rule}`);
};

const salesNamedMax = 3;
/** The first few; how many more there are stands with the last of them. */
const listed = (things: readonly string[]): readonly string[] => {
  const shown = things.slice(0, salesNamedMax);
  const more = things.length - shown.length;
  return more === 0 ? shown : [...shown.slice(0, -1), `${shown.at(-1) ?? ''} and ${more} more`];
};
const inSentence = (fact: string): string => describeFact(fact).replace(/^Receipt/, 'receipt');

const reversedReason = (data: EarnReversed['data']): string => {
  const fact = describeFact(data.fact);
  const owed = data.arrearsRaised === 0 ? '' : `; ${data.arrearsRaised} of them are owed`;
  if (data.cause === 'correction') {
    return `${fact}: corrected by revision ${data.factRevision}, ${amount(data.points)} taken back${owed}`;
  }
  const sales = [...new Set(data.reversals.map((reversal) => reversal.fact))];
  const of = sales.length === 0 ? '' : ` of ${listed(sales.map(inSentence)).join(', ')}`;
  const lines = data.unmatched.length;
  const unmatched =
    lines === 0
      ? ''
      : `; ${lines} returned ${lines === 1 ? 'line matches' : 'lines match'} no sale`;
  return `${fact}: return, ${amount(data.points)} taken back${of}${owed}${unmatched}`;
};
