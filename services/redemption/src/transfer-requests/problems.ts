import type { Points } from '@tallystick/kernel';
import { problem } from '@tallystick/service-host';
import { notSent } from '../transfer/not-sent.js';
import type { NotOpen, Refusal } from './change-request.js';

export const requestUnknown = () =>
  problem({
    status: 404,
    type: 'transfer-request-unknown',
    title: 'Nobody has asked for such a transfer',
  });

/** Of an approval or a rejection. */
export const notClosed = (refusal: Refusal | NotOpen, points: Points.Points) => {
  switch (refusal.kind) {
    case 'unknown':
      return requestUnknown();
    case 'closed':
      return problem({
        status: 409,
        type: 'transfer-request-closed',
        title: 'This request is not open any more',
        detail: `It is ${refusal.status}.`,
        extensions: { requestStatus: refusal.status },
      });
    case 'same-person':
      return problem({
        status: 403,
        type: 'same-person',
        title: 'Who asks for a transfer cannot approve it',
        detail: 'Another manager has to approve it.',
      });
    default:
      return notSent(refusal, points);
  }
};
