import type { SentCounts } from '../quarter/quarter.js';
import type { Check, OutcomeCounts } from './facts.js';
import type { AskedSale } from './asking-till.js';
import type { Played } from './play.js';
import { receiptTotal } from './receipts.js';
import type { Replay, ReceiptReport, SummaryReport, TrialBalance } from './reports.js';
import { grouped } from './text.js';

/** What the checks look at. */
export interface Seen {
  readonly sent: SentCounts;
  readonly played: Played;
  readonly outcomes: OutcomeCounts;
  readonly receipts: ReceiptReport;
  readonly summary: SummaryReport;
  readonly trialBalance: TrialBalance;
  readonly replay: Replay;
  /** The status that a forged partner event was answered with. */
  readonly forgedStatus: number;
  /** What a till asked about before it sold it. */
  readonly asked: readonly AskedSale[];
}

/** Everything that must hold after a quarter, whatever else was done with the same data. */
export const checksOf = (seen: Seen): readonly Check[] => [
  everyMessageAnswered(seen),
  everyReceiptOnce(seen),
  earnedAsTold(seen),
  nobodyOverdrew(seen),
  pointsAddUp(seen),
  trialBalanceZero(seen),
  replayEqual(seen),
  forgeryRefused(seen),
];

const everyMessageAnswered = ({ sent, played }: Seen): Check => {
  const { answers } = played;
  return {
    name: 'Every message is answered, other content under a known number refused',
    holds:
      answers.messages === sent.messages && answers.changed === sent.changed && answers.lost === 0,
    seen:
      `${grouped(answers.messages)} of ${grouped(sent.messages)}` +
      `, ${answers.changed} refused` +
      (answers.lost === 0 ? '' : `, ${answers.lost} lost on the bus`),
  };
};

/** Our own count of the answers against reporting's count of the events; others may have sent receipts of theirs. */
const everyReceiptOnce = ({ sent, outcomes, receipts }: Seen): Check => {
  const counted = receiptTotal(outcomes);
  const reported = receipts.outcomes;
  const others = receipts.total + outcomes.refused - counted;
  const same = (['awarded', 'nothing', 'waiting'] as const).every((kind) =>
    others === 0 ? reported[kind] === outcomes[kind] : reported[kind] >= outcomes[kind],
  );
  const sum = reported.awarded + reported.nothing + reported.waiting;
  return {
    name: 'Every receipt has exactly one outcome, and reporting counts the same',
    holds: counted === sent.receipts && same && others >= 0 && sum === receipts.total,
    seen:
      `${grouped(counted)} of ${grouped(sent.receipts)}` +
      (others > 0 ? `, and ${grouped(others)} that are not the sample's` : ''),
  };
};

/** What an earlier run has sold was told to that run. */
const earnedAsTold = ({ asked }: Seen): Check => {
  const told = asked.filter((sale) => sale.told !== null);
  const same = told.filter((sale) => sale.told?.earns === sale.outcome.earned);
  const reduced = told.filter((sale) => Number(sale.told?.discount) > 0);
  return {
    name: 'What a till is told before it sells is what the receipt earns',
    holds: same.length === told.length,
    seen:
      told.length === 0
        ? `${asked.length} were sold in an earlier run`
        : `${same.length} of ${told.length}, ${reduced.length} with a discount`,
  };
};

const nobodyOverdrew = ({ played }: Seen): Check => ({
  name: 'Points that are there are spent, points that are not are refused',
  holds: played.redemptions.unexpected === 0,
  seen: `${grouped(played.redemptions.made)} made, ${grouped(played.redemptions.refused)} refused`,
});

/** Of a sample, nothing lapses in its first year, and nobody corrects it; people who go on with it may. */
const pointsAddUp = ({ summary }: Seen): Check => {
  const { earned, refunded, redeemed, reversed, expired, outstanding, arrears, held } = summary;
  const { opening, adjustedUp, adjustedDown, inTransit } = summary;
  const left = outstanding.available + outstanding.pending + outstanding.lapsed + held - arrears;
  const corrected = opening + adjustedUp - adjustedDown - inTransit;
  const comes = earned + refunded - redeemed - reversed - expired + corrected;
  return {
    name:
      'earned + refunded - redeemed - reversed - expired' +
      `${corrected === 0 ? '' : ' + corrected'} = outstanding${held === 0 ? '' : ' + held'} - arrears`,
    holds: left === comes,
    seen: left === comes ? grouped(left) : `${grouped(comes)} is not ${grouped(left)}`,
  };
};

const trialBalanceZero = ({ trialBalance }: Seen): Check => ({
  name: 'The trial balance is zero, and agrees with the accounts as folded',
  holds: trialBalance.sum === 0 && trialBalance.balanced,
  seen:
    `sum ${grouped(trialBalance.sum)}` +
    (trialBalance.balanced ? '' : `, ${trialBalance.differenceCount} accounts differ`),
});

const replayEqual = ({ replay }: Seen): Check => {
  const { views, status, problem, events } = replay;
  const different = views.filter((view) => view.equal !== view.rows || view.missing > 0);
  const rows = views.reduce((sum, view) => sum + view.equal, 0);
  return {
    name: 'Every view equals the same view made again from the first event on',
    holds: status === 'done' && replay.equal === true && different.length === 0,
    seen:
      status !== 'done'
        ? `${status}: ${problem ?? 'no reason given'}`
        : different.length > 0
          ? `different: ${different.map(({ view }) => view).join(', ')}`
          : `${views.length} views, ${grouped(rows)} rows, ${grouped(events)} events`,
  };
};

const forgeryRefused = ({ forgedStatus }: Seen): Check => ({
  name: 'A partner event with a forged signature is refused',
  holds: forgedStatus === 401,
  seen: `status ${forgedStatus}`,
});
