import type { Points } from '@tallystick/kernel';
import type { ProblemException } from '@tallystick/service-host';
import {
  accountMerged,
  accountUnknown,
  beyondLimit,
  insufficient,
  problemOf,
  sameAccount,
} from '../problems.js';
import type { TransferOutcome } from './transfer.js';

/** Why points are not sent. */
export type NotSent = Exclude<TransferOutcome, { readonly kind: 'done' }>;

export const notSent = (refusal: NotSent, points: Points.Points): ProblemException => {
  switch (refusal.kind) {
    case 'insufficient':
      return insufficient(points, refusal.available);
    case 'same-account':
      return sameAccount();
    case 'receiver-unknown':
      return accountUnknown('The programme has no account that could receive it.');
    case 'receiver-merged':
      return accountMerged(refusal.into);
    case 'beyond-limit':
      return beyondLimit();
    default:
      return problemOf(refusal);
  }
};
