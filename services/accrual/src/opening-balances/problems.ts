import type { SamePerson } from '@tallystick/accounts/signed';
import { problem } from '@tallystick/service-host';
import type { BalanceBatch, BatchStatus } from './balance-batch.js';
import type { NotOpen } from './change-batch.js';

export const batchUnknown = () =>
  problem({
    status: 404,
    type: 'balance-batch-unknown',
    title: 'There is no such batch of opening balances',
  });

/** The same name with other balances. */
export const batchDiffers = ({ asked, status }: BalanceBatch) =>
  problem({
    status: 409,
    type: 'balance-batch-differs',
    title: 'Another batch has this name',
    detail: `${asked.name} of ${asked.system} was proposed with other balances, and is ${status}. If the file has changed, give it another name${status === 'requested' ? ', and reject the other one' : ''}.`,
    extensions: { batch: asked.batch, batchStatus: status },
  });

export const batchNotApproved = (status: Exclude<BatchStatus, 'approved'>) =>
  problem({
    status: 409,
    type: 'balance-batch-not-approved',
    title: 'Nobody has approved this batch',
    detail:
      status === 'requested'
        ? 'It waits for another manager: nothing of it is posted before.'
        : 'It was rejected: propose the balances under another name.',
    extensions: { batchStatus: status },
  });

export const pageNotApproved = () =>
  problem({
    status: 409,
    type: 'balance-page-not-approved',
    title: 'This page is not one that was approved',
    detail:
      'Its balances, or how they are divided into pages, are not those that were proposed. Nothing of it is posted.',
  });

/** Of an approval or a rejection. */
export const notClosed = (refusal: SamePerson | NotOpen) => {
  switch (refusal.kind) {
    case 'unknown':
      return batchUnknown();
    case 'closed':
      return problem({
        status: 409,
        type: 'balance-batch-closed',
        title: 'This batch is not open any more',
        detail: `It is ${refusal.status}.`,
        extensions: { batchStatus: refusal.status },
      });
    case 'same-person':
      return problem({
        status: 403,
        type: 'same-person',
        title: 'Who proposes opening balances cannot approve them',
        detail: 'Another manager has to approve them.',
      });
  }
};
