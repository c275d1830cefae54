import type { AccountId } from '@tallystick/kernel';
import { problem } from '@tallystick/service-host';
import { accountMerged, accountUnknown, programUnknown } from '../corrections/problems.js';
import type { NotOpen, Refusal } from './change-merge.js';
import type { MergeRequest, Obstacle } from './merge-accounts.js';

export const mergeUnknown = () =>
  problem({ status: 404, type: 'merge-unknown', title: 'There is no such merge' });

/** Why two accounts cannot become one. */
export const cannotMerge = (
  obstacle: Obstacle,
  { program, source, target }: Pick<MergeRequest, 'program' | 'source' | 'target'>,
) => {
  switch (obstacle.kind) {
    case 'program-unknown':
      return programUnknown(program);
    case 'account-unknown':
      return accountUnknown(obstacle.account);
    case 'already-merged':
      return accountMerged(obstacle.account, obstacle.successor);
    case 'too-large':
      return problem({
        status: 409,
        type: 'account-too-large',
        title: 'The account has too much to be moved at once',
        detail: `More of account ${obstacle.account} can still be returned, refunded or captured than is moved at once. Ask again when fewer of its sales are within the return window.`,
      });
    case 'beyond-limit':
      return problem({
        status: 409,
        type: 'beyond-limit',
        title: 'The account cannot hold as much',
        detail: `With the points of ${source}, more would have come to account ${target} than it takes in all.`,
      });
    case 'same-account':
      return problem({
        status: 409,
        type: 'same-account',
        title: 'An account cannot become part of itself',
        detail: 'The target is the source, or has become part of it.',
      });
  }
};

/** Of an approval or a rejection. */
export const notClosed = (
  refusal: Refusal | NotOpen,
  of: Pick<MergeRequest, 'program' | 'source' | 'target'>,
) => {
  switch (refusal.kind) {
    case 'unknown':
      return mergeUnknown();
    case 'closed':
      return problem({
        status: 409,
        type: 'merge-closed',
        title: 'This merge is not open any more',
        detail: `It is ${refusal.status}.`,
        extensions: { mergeStatus: refusal.status },
      });
    case 'same-person':
      return problem({
        status: 403,
        type: 'same-person',
        title: 'Who asks for a merge cannot approve it',
        detail: 'Another manager has to approve it.',
      });
    case 'already-merged':
      return stale(refusal.account, refusal.successor);
    case 'same-account':
      // It was another one when this was asked for.
      return stale(of.target, of.source);
    default:
      return cannotMerge(refusal, of);
  }
};

const stale = (account: AccountId, successor: AccountId) =>
  problem({
    status: 409,
    type: 'merge-stale',
    title: 'An account became part of another one since this merge was asked for',
    detail: `What was on account ${account} is on ${successor}. Reject the request, and ask again if that one is meant.`,
    extensions: { account, successor },
  });
