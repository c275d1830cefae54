import { problem, type ProblemException } from '@tallystick/service-host';

/** Every answer of partners that is not a success, by its stable type. */

export const partnerUnknown = (): ProblemException =>
  problem({ status: 404, type: 'partner-unknown', title: 'No such partner in this programme' });

export const partnerExists = (): ProblemException =>
  problem({
    status: 409,
    type: 'partner-exists',
    title: 'A partner of this id is registered under another name',
  });

export const keyUnknown = (): ProblemException =>
  problem({ status: 404, type: 'partner-key-unknown', title: 'The partner has no such key' });

export const tooManyKeys = (max: number): ProblemException =>
  problem({
    status: 409,
    type: 'partner-keys-too-many',
    title: 'The partner has as many valid keys as it may have',
    detail: `At most ${max} are valid at once: revoke one that is no longer used.`,
  });

export const eventUnknown = (): ProblemException =>
  problem({
    status: 404,
    type: 'partner-event-unknown',
    title: 'No event of this id was taken from this partner',
  });

export const eventConflict = (): ProblemException =>
  problem({
    status: 409,
    type: 'partner-event-conflict',
    title: 'An event of this id was taken with other content',
    detail:
      'The first content stands. This one is kept as evidence; a new fact needs a new webhook-id.',
  });

export const signatureMissing = (): ProblemException =>
  problem({
    status: 401,
    type: 'signature-missing',
    title: 'The event is not signed',
    detail:
      'Needed are the headers webhook-id, webhook-timestamp and webhook-signature of Standard Webhooks.',
  });

export const timestampOutsideWindow = (toleranceSeconds: number): ProblemException =>
  problem({
    status: 401,
    type: 'timestamp-outside-window',
    title: 'The event was not signed just now',
    detail: `webhook-timestamp is whole seconds since 1970 and within ${toleranceSeconds} s of our clock: sign again when sending again.`,
  });

export const signatureWrong = (): ProblemException =>
  problem({
    status: 401,
    type: 'signature-wrong',
    title: 'No valid key of this partner made this signature',
  });

export const bodyTooLarge = (maxBytes: number): ProblemException =>
  problem({
    status: 413,
    type: 'body-too-large',
    title: 'The body is larger than an event is',
    detail: `At most ${maxBytes} bytes.`,
  });

export const invalid = (
  errors: readonly { readonly field: string; readonly message: string }[],
): ProblemException =>
  problem({ status: 400, type: 'validation', title: 'The request is not valid', errors });
