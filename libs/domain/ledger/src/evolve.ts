import { invariant, unreachable } from '@tallystick/kernel';
import { emptyAccount, type Account } from './account.js';
import type { LedgerEvent } from './events.js';
import { certified } from './evolve-certificates.js';
import { closed, imported } from './evolve-closing.js';
import { adjusted, expired } from './evolve-corrections.js';
import { merged, transferred } from './evolve-moves.js';
import { earned, reversed } from './evolve-receipt.js';
import { rerated } from './evolve-rerating.js';
import { captured, held, redeemed, refunded, released } from './evolve-spending.js';

/** Folds one event into an account, in place; returns the same account. */
export const evolve = (account: Account, event: LedgerEvent): Account => {
  switch (event.type) {
    case 'AccountOpened':
      invariant(account.opened === null, 'an account is opened once');
      account.opened = event.data;
      return account;
    case 'PointsEarned':
      return earned(account, event.data);
    case 'EarnReversed':
      return reversed(account, event.data);
    case 'PointsRedeemed':
      return redeemed(account, event.data);
    case 'RedemptionRefunded':
      return refunded(account, event.data);
    case 'PointsHeld':
      return held(account, event.data);
    case 'HoldCaptured':
      return captured(account, event.data);
    case 'HoldReleased':
      return released(account, event.data);
    case 'PointsExpired':
      return expired(account, event.data);
    case 'PointsAdjusted':
      return adjusted(account, event.data);
    case 'PointsTransferred':
      return transferred(account, event.data);
    case 'AccountsMerged':
      return merged(account, event.data);
    case 'OpeningBalanceImported':
      return imported(account, event.data);
    case 'PeriodClosed':
      return closed(account, event.data);
    case 'EarningRerated':
      return rerated(account, event.data);
    case 'CertificateIssued':
    case 'CertificateCorrected':
    case 'CertificateUsed':
    case 'CertificateGivenBack':
    case 'CertificateExpired':
      return certified(account, event);
    default:
      return unreachable(event);
  }
};

export const fold = (events: Iterable<LedgerEvent>): Account => {
  const account = emptyAccount();
  for (const event of events) evolve(account, event);
  return account;
};
