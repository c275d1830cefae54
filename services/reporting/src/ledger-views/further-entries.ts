import type {
  AccountsMerged,
  EarningRerated,
  HoldCaptured,
  HoldReleased,
  PointsAdjusted,
  PointsExpired,
  PointsHeld,
  PointsTransferred,
} from '@tallystick/ledger';
import { describeFact } from './describe-fact.js';
import { amount, back, come, gone, paid, type StatementEntry } from './entry.js';

/** What is held is still the member's: only its capture takes it away. Its lots are told where they leave and where they come back. */
export const holdEntry = (event: PointsHeld | HoldCaptured | HoldReleased): StatementEntry => {
  const { occurredAt: at, points } = event.data;
  switch (event.type) {
    case 'PointsHeld': {
      const { kind, reference, lapsesAt, hold: fact, allocations } = event.data;
      const reason = `${amount(points)} held for ${kind}, reference ${reference}, until ${lapsesAt}`;
      return { at, points: 0, reason, fact, lots: allocations.map(gone) };
    }
    case 'HoldCaptured': {
      const { kind, hold, fact } = event.data;
      const reason = `${amount(points)} redeemed for ${kind} from hold ${hold}`;
      return { at, points: -points || 0, reason, fact, lots: [] };
    }
    case 'HoldReleased': {
      const { hold, cause, fact, allocations, arrearsPaid } = event.data;
      const reason = `${amount(points)} back from hold ${hold}: ${released[cause]}${paid(arrearsPaid)}`;
      return { at, points: 0, reason, fact, lots: allocations.map(back) };
    }
  }
};

const released: { readonly [Cause in HoldReleased['data']['cause']]: string } = {
  released: 'it was released',
  lapsed: 'its time was over',
  'captured-in-part': 'only a part of it was redeemed',
};

export const correctionEntry = (event: PointsExpired | PointsAdjusted): StatementEntry => {
  const { occurredAt: at, points, fact } = event.data;
  if (event.type === 'PointsExpired') {
    const reason = `${amount(points)} expired, not spent by ${event.data.through}`;
    return { at, points: -points || 0, reason, fact, lots: event.data.allocations.map(gone) };
  }
  const { direction, lots, taken } = event.data;
  return {
    at,
    points: (direction === 'up' ? points : -points) || 0,
    reason: adjustedReason(event.data),
    fact,
    lots: [...lots.map(come), ...taken.map(gone)],
  };
};

/** Who asked and who approved is in the event, for the auditor: a member's statement names no staff. */
const adjustedReason = (data: PointsAdjusted['data']): string => {
  const { authority, reason, cause, direction, points, payment, arrearsPaid } = data;
  const why =
    authority.by === 'rulebook'
      ? `${rulebookReasons.get(reason) ?? reason}, rulebook ${authority.rulebook.version}`
      : reason;
  switch (cause) {
    case 'correction':
      return direction === 'up'
        ? `${amount(points)} added by an adjustment: ${why}${paid(arrearsPaid)}`
        : `${amount(points)} taken by an adjustment: ${why}`;
    case 'arrears-waived':
      return `${amount(points)} of what was owed are waived: ${why}`;
    case 'arrears-paid-in-money': {
      const money =
        payment === null
          ? ''
          : ` (${payment.minor} minor units of ${payment.currency}, reference ${payment.reference})`;
      return `${amount(points)} of what was owed are paid in money${money}: ${why}`;
    }
  }
};

const rulebookReasons: ReadonlyMap<string, string> = new Map([
  ['expired-before-its-return', 'what was returned had expired unspent'],
  ['arrears-are-waived', 'the programme waives arrears'],
]);

/** Who asked and who approved is in the event, as of an adjustment. */
export const reratedEntry = (data: EarningRerated['data']): StatementEntry => {
  const { occurredAt: at, fact, points, from, rulebook, lots, taken, arrearsRaised, reason } = data;
  const what =
    points === 0
      ? 'as many points as before'
      : `${amount(Math.abs(points))} ${points > 0 ? 'added' : 'taken back'}`;
  const owed = arrearsRaised === 0 ? '' : `; ${arrearsRaised} of them are owed`;
  return {
    ...{ at, points, fact },
    reason: `${describeFact(fact)}: rated again by rulebook ${rulebook.version} instead of ${from.version}, ${what}${owed}${paid(data.arrearsPaid)}: ${reason}`,
    lots: [...lots.map(come), ...taken.map(gone)],
  };
};

export const moveEntry = ({ data, type }: PointsTransferred | AccountsMerged): StatementEntry =>
  type === 'PointsTransferred' ? transferEntry(data) : mergeEntry(data);

const transferEntry = (data: PointsTransferred['data']): StatementEntry => {
  const { occurredAt: at, fact, points, reason: why } = data;
  if (data.side === 'out') {
    const reason = `${amount(points)} sent to account ${data.to}: ${why}`;
    return { at, points: -points || 0, reason, fact, lots: data.taken.map(gone) };
  }
  const reason = `${amount(points)} received from account ${data.from}: ${why}${paid(data.arrearsPaid)}`;
  return { at, points, reason, fact, lots: data.lots.map(come) };
};

const mergeEntry = (data: AccountsMerged['data']): StatementEntry => {
  const { occurredAt: at, fact, source, target, unspent, held, arrears, reason: why } = data;
  const net = unspent + held - arrears;
  const lots = data.carried.lots.filter(({ remaining }) => remaining > 0);
  const what = [
    amount(unspent),
    ...(held > 0 ? [`${held} held`] : []),
    ...(arrears > 0 ? [`${arrears} owed`] : []),
  ].join(', ');
  if (data.side === 'source') {
    return {
      at,
      points: -net || 0,
      reason: `Account became part of account ${target}, with ${what}: ${why}`,
      fact,
      lots: lots.map(({ lot, remaining }) => gone({ lot: lot.id, points: remaining })),
    };
  }
  return {
    at,
    points: net,
    reason: `Account ${source} became part of this one, with ${what}: ${why}${paid(data.arrearsPaid)}`,
    fact,
    lots: lots.map(({ lot, remaining, expiresAt }) => ({
      ...come(lot),
      points: remaining,
      expiresAt,
    })),
  };
};
