import type { AccountId } from '@tallystick/kernel';
import { problem } from '@tallystick/service-host';
import { accountMerged, accountUnknown, beyondLimit } from '../corrections/problems.js';
import type { NotOpen, Refusal } from './close-adjustment.js';
import type { Fault } from './fault.js';

export const adjustmentUnknown = () =>
  problem({ status: 404, type: 'adjustment-unknown', title: 'There is no such adjustment' });

/** Of a request: nothing was kept of it. */
export const adjustmentInvalid = (fault: Fault) => {
  const invalid = (field: string, message: string) =>
    problem({
      status: 422,
      type: 'adjustment-invalid',
      title: 'The account cannot be changed like this',
      errors: [{ field, message }],
    });
  switch (fault.kind) {
    case 'expired':
      return invalid('change.expiresAt', 'is over: the points would have expired already');
    case 'other-currency':
      return invalid('change.payment.currency', otherCurrency(fault.currency));
    case 'beyond-limit':
      return invalid('change.points', beyondLimit('points'));
  }
};

const otherCurrency = (currency: string): string =>
  `must be ${currency}, the currency of the programme`;

const notAnyMore = 'Reject the request, and ask for another one.';

/** Of an approval or a rejection of a request for an account. */
export const notClosed = (refusal: Refusal | NotOpen, account: AccountId) => {
  switch (refusal.kind) {
    case 'unknown':
      return adjustmentUnknown();
    case 'closed':
      return problem({
        status: 409,
        type: 'adjustment-closed',
        title: 'This adjustment is not open any more',
        detail: `It is ${refusal.status}.`,
        extensions: { adjustmentStatus: refusal.status },
      });
    case 'same-person':
      return problem({
        status: 403,
        type: 'same-person',
        title: 'Who asks for an adjustment cannot approve it',
        detail: 'Another manager has to approve it.',
      });
    case 'insufficient':
      return problem({
        status: 409,
        type: 'insufficient-points',
        title: 'There are not enough points',
        detail: `${refusal.there} are there, pending ones included. The request stays open.`,
        extensions: { available: refusal.there },
      });
    case 'exceeds-arrears':
      return problem({
        status: 409,
        type: 'exceeds-arrears',
        title: 'The account does not owe as much',
        detail: `It owes ${refusal.arrears}. The request stays open.`,
        extensions: { arrears: refusal.arrears },
      });
    case 'expired':
      return problem({
        status: 409,
        type: 'adjustment-expired',
        title: 'The points would have expired already',
        detail: 'Reject the request, and ask for points with a later date.',
      });
    case 'other-currency':
      return problem({
        status: 409,
        type: 'other-currency',
        title: 'The debt was paid in another currency',
        detail: `The currency of the payment ${otherCurrency(refusal.currency)}. ${notAnyMore}`,
      });
    case 'beyond-limit':
      return problem({
        status: 409,
        type: 'beyond-limit',
        title: 'The account cannot hold as much',
        detail: `The number of points ${beyondLimit('points')}. ${notAnyMore}`,
      });
    case 'unopened':
      return accountUnknown(account);
    case 'merged':
      return accountMerged(account, refusal.into);
  }
};
