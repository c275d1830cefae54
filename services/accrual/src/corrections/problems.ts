import type { AccountId } from '@tallystick/kernel';
import { problem } from '@tallystick/service-host';

/** The problems that corrections have in common. */
export const programUnknown = (program: string) =>
  problem({
    status: 404,
    type: 'program-unknown',
    title: 'There is no such programme',
    detail: `Programme ${program} has not been published.`,
  });

export const accountUnknown = (account: string) =>
  problem({
    status: 404,
    type: 'account-unknown',
    title: 'There is no such account',
    detail: `The programme has no account ${account}.`,
  });

export const cardUnknown = () =>
  problem({
    status: 404,
    type: 'card-unknown',
    title: 'The card leads to no account',
    detail: 'Enrol its member or link it first, then send this again.',
  });

export const accountMerged = (account: AccountId, successor: AccountId) =>
  problem({
    status: 409,
    type: 'account-merged',
    title: 'The account became part of another one',
    detail: `What was on account ${account} is on ${successor}: ask for that one.`,
    extensions: { account, successor },
  });

/** What is said of a field whose value an account has no room for. */
export const beyondLimit = (what: 'points' | 'minor units of spend'): string =>
  `is too much: the account takes no more than ${Number.MAX_SAFE_INTEGER} ${what} in all`;

export const keyReused = () =>
  problem({
    status: 422,
    type: 'idempotency-key-reused',
    title: 'This Idempotency-Key was used for another request',
    detail: 'A new request needs a new key; the same request may be sent again with the same key.',
  });
