import { Points, invariant, type AccountId, type FactId, type Instant } from '@tallystick/kernel';
import type { Account } from './account.js';
import { carry, renameLots, type Carried } from './carried.js';
import { isFor } from './decide-transfer.js';
import type { AccountsMerged, MergeOut } from './events-moves.js';
import { arrivalOf } from './evolve-moves.js';
import { closedTo, knownOf, type MergedAway } from './lots.js';
import { takeInOrder, type ArrearsPolicy } from './take.js';
import { arrearsOf, heldOf, phaseOf, spendingOrder, unspentOf } from './valuation.js';

export interface MergeCommand {
  readonly fact: FactId;
  readonly factHash: string;
  /** Another account of the same programme, which can receive: see `closedTo`. */
  readonly target: AccountId;
  readonly reason: string;
  /** What is older than the programme's return window is not taken along. */
  readonly keepFrom: Instant;
}

export type MergeOutDecision =
  | { readonly kind: 'left'; readonly event: AccountsMerged & { readonly data: MergeOut } }
  | { readonly kind: 'known' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'same-account' }
  | { readonly kind: 'unopened' }
  | MergedAway;

/** First half: all that an account has leaves it, open holds and debts included. It arrives by `decideMergeIn`. */
export const decideMergeOut = (
  account: Account,
  command: MergeCommand,
  at: Instant,
): MergeOutDecision => {
  const answer = knownOf(account, command.fact, command.factHash) ?? closedTo(account);
  if (answer !== null) return answer;
  invariant(account.opened !== null, 'an account that is not closed is open');
  const source = account.opened.account;
  if (isFor(account, command.target)) return { kind: 'same-account' };
  return {
    kind: 'left',
    event: {
      type: 'AccountsMerged',
      data: {
        ...command,
        side: 'source',
        source,
        occurredAt: at,
        absorbed: [...account.absorbed].sort(),
        unspent: unspentOf(account),
        held: heldOf(account),
        arrears: arrearsOf(account),
        carried: carry(account, command.keepFrom),
      },
    },
  };
};

export type MergeInDecision =
  | { readonly kind: 'absorbed'; readonly event: AccountsMerged }
  | { readonly kind: 'known' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'misdirected' }
  | { readonly kind: 'unopened' }
  | MergedAway;

/** Second half: the successor has all that the source had, under the same names. `left` is the event on the source's stream. */
export const decideMergeIn = (
  account: Account,
  left: MergeOut,
  at: Instant,
  policy: ArrearsPolicy = 'next-awards',
): MergeInDecision => {
  const answer = knownOf(account, arrivalOf(left.fact), left.factHash) ?? closedTo(account);
  if (answer !== null) return answer;
  if (!isFor(account, left.target)) return { kind: 'misdirected' };
  const carried = withOwnNames(account, left);
  return {
    kind: 'absorbed',
    event: {
      type: 'AccountsMerged',
      data: {
        ...left,
        side: 'target',
        occurredAt: at,
        carried,
        arrearsPaid:
          policy === 'next-awards' ? payFromBoth(account, carried, left.arrears, at) : [],
      },
    },
  };
};

/** Parts of one receipt in two accounts may have lots of one name: the source's get another, everywhere. */
const withOwnNames = (account: Account, { carried, source }: MergeOut): Carried => {
  const taken = new Set(
    carried.lots
      .map(({ lot }) => lot.id)
      .filter((id) => account.lots.has(id) || account.emptied.has(id)),
  );
  return taken.size === 0
    ? carried
    : renameLots(carried, (id) => (taken.has(id) ? `${id}@${source}` : id));
};

/** What either owes is paid from what both have: what is available in spending order, then what is pending. */
const payFromBoth = (account: Account, carried: Carried, arrears: Points.Points, at: Instant) => {
  const lots = [...account.lots.values(), ...carried.lots].sort(spendingOrder);
  const inPhase = (phase: string) => lots.filter((lot) => phaseOf(lot, at) === phase);
  return takeInOrder(
    [...inPhase('available'), ...inPhase('pending')],
    Points.plus(arrearsOf(account), arrears),
  ).allocations;
};
