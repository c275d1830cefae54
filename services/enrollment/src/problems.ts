import type { AccountId } from '@tallystick/kernel';
import { problem, type ProblemException } from '@tallystick/service-host';

/** Every answer of enrollment that is not a success, by its stable type. */

export const programUnknown = (): ProblemException =>
  problem({
    status: 404,
    type: 'program-unknown',
    title: 'No such programme',
    detail:
      'Publish its rulebook first (POST /v1/programs). If you just have, send the position that you were answered as the header Tallystick-After.',
  });

export const memberUnknown = (): ProblemException =>
  problem({ status: 404, type: 'member-unknown', title: 'No such member' });

export const cardUnknown = (): ProblemException =>
  problem({ status: 404, type: 'card-unknown', title: 'The card leads to no account' });

export const cardLinkedElsewhere = (): ProblemException =>
  problem({
    status: 409,
    type: 'card-linked-elsewhere',
    title: 'A card leads to one account at a time, and this one is that of another member',
  });

export const accountUnknown = (): ProblemException =>
  problem({ status: 404, type: 'account-unknown', title: 'No such account' });

export const accountMerged = (successor: AccountId): ProblemException =>
  problem({
    status: 409,
    type: 'account-merged',
    title: 'The account became part of another one',
    detail: 'Its successor answers for it.',
    extensions: { successor },
  });

export const accountShared = (): ProblemException =>
  problem({
    status: 409,
    type: 'account-shared',
    title: 'The member shares the account of another member',
    detail: 'The attributes of an account are those of the member for whom it was opened.',
  });

export const sharingForbidden = (): ProblemException =>
  problem({
    status: 403,
    type: 'forbidden',
    title: 'Your token does not allow this',
    detail: 'Who shares an account spends what is on it: a second member needs the role manager.',
  });

export const keyReused = (): ProblemException =>
  problem({
    status: 422,
    type: 'idempotency-key-reused',
    title: 'This key came with another body before',
    detail:
      'Take a new key for a new request; repeat a request with its key and its body unchanged.',
  });

export const invalid = (
  errors: readonly { readonly field: string; readonly message: string }[],
): ProblemException =>
  problem({ status: 400, type: 'validation', title: 'The request is not valid', errors });
