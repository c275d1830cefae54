import type { CertificateStatus } from '@tallystick/ledger';
import { problem, type ProblemException } from '@tallystick/service-host';

/** What is said of certificates that cannot be used, or given back. */

export const certificateUnknown = (): ProblemException =>
  problem({
    status: 404,
    type: 'certificate-unknown',
    title: 'The account has no such certificate',
    detail: 'Calculate the basket to see which certificates can be used.',
  });

export const certificateNotUsable = (
  status: Exclude<CertificateStatus, 'open'>,
): ProblemException =>
  problem({
    status: 409,
    type: 'certificate-not-usable',
    title: 'This certificate cannot be used',
    detail: why[status],
    extensions: { certificateStatus: status },
  });

const why: { readonly [S in Exclude<CertificateStatus, 'open'>]: string } = {
  used: 'It was used before.',
  expired: 'Its time is over.',
  withdrawn: 'What it was given for came back: it is worth nothing any more.',
};

export const useUnknown = (): ProblemException =>
  problem({
    status: 404,
    type: 'certificate-use-unknown',
    title: 'No certificate was used under this name',
  });

export const alreadyGivenBack = (): ProblemException =>
  problem({
    status: 409,
    type: 'already-given-back',
    title: 'This certificate was given back before, under another key',
  });

export const useTooOld = (): ProblemException =>
  problem({
    status: 409,
    type: 'certificate-use-too-old',
    title: 'This use is too old to be cancelled',
    detail: 'Its period is closed.',
  });
