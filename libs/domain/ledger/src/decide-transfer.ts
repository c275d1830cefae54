import {
  invariant,
  type AccountId,
  type FactId,
  type Instant,
  type Points,
} from '@tallystick/kernel';
import type { Account } from './account.js';
import type { PointsTransferred, TransferOut } from './events-moves.js';
import { arrivalOf } from './evolve-moves.js';
import { closedTo, knownOf, lotStateOf, type MergedAway } from './lots.js';
import { payArrearsFrom, spendable, takeInOrder, unlapsed, type ArrearsPolicy } from './take.js';
import { valuation } from './as-of.js';

export interface TransferCommand {
  readonly fact: FactId;
  readonly factHash: string;
  /** Another account of the same programme, which can receive: see `closedTo`. */
  readonly to: AccountId;
  readonly points: Points.Points;
  readonly reason: string;
}

export type TransferOutDecision =
  | { readonly kind: 'sent'; readonly event: PointsTransferred & { readonly data: TransferOut } }
  | { readonly kind: 'known' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'insufficient'; readonly available: Points.Points }
  | { readonly kind: 'same-account' }
  | { readonly kind: 'unopened' }
  | MergedAway;

/** First half: available points leave in spending order. They arrive by `decideTransferIn`, which a sweeper finishes after a crash. */
export const decideTransferOut = (
  account: Account,
  command: TransferCommand,
  at: Instant,
): TransferOutDecision => {
  const answer = knownOf(account, command.fact, command.factHash) ?? closedTo(account);
  if (answer !== null) return answer;
  invariant(account.opened !== null, 'an account that is not closed is open');
  const from = account.opened.account;
  if (from === command.to) return { kind: 'same-account' };
  invariant(command.points > 0, 'a transfer moves something');
  const { allocations, short } = takeInOrder(spendable(account, at), command.points);
  if (short > 0) return { kind: 'insufficient', available: valuation(account, at).available };
  const lots = allocations.map(({ lot, points }, index) => {
    const state = lotStateOf(account, lot);
    const { of: _of, ...sent } = state.lot;
    return { ...sent, id: `${command.fact}#1.${index}`, points, expiresAt: state.expiresAt };
  });
  return {
    kind: 'sent',
    event: {
      type: 'PointsTransferred',
      data: { ...command, side: 'out', from, occurredAt: at, lots, taken: allocations },
    },
  };
};

export type TransferInDecision =
  | { readonly kind: 'received'; readonly event: PointsTransferred }
  | { readonly kind: 'known' }
  | { readonly kind: 'conflict' }
  /** It was sent to another account, and that one is no part of this. */
  | { readonly kind: 'misdirected' }
  | { readonly kind: 'unopened' }
  | MergedAway;

/** Second half: what was sent arrives, once, and pays what is owed; what lapsed on the way pays nothing. `sent` is the event on the sender's stream. */
export const decideTransferIn = (
  account: Account,
  sent: TransferOut,
  at: Instant,
  policy?: ArrearsPolicy,
): TransferInDecision => {
  const answer = knownOf(account, arrivalOf(sent.fact), sent.factHash) ?? closedTo(account);
  if (answer !== null) return answer;
  if (!isFor(account, sent.to)) return { kind: 'misdirected' };
  const { taken: _taken, ...transfer } = sent;
  return {
    kind: 'received',
    event: {
      type: 'PointsTransferred',
      data: {
        ...transfer,
        side: 'in',
        occurredAt: at,
        arrearsPaid: payArrearsFrom(account, unlapsed(sent.lots, at), policy),
      },
    },
  };
};

/** Whether an account is the one that is meant, or its successor. */
export const isFor = (account: Account, meant: AccountId): boolean =>
  account.opened?.account === meant || account.absorbed.has(meant);
