import { problem, type ProblemException } from '@tallystick/service-host';
import { areViewsMissing } from './views/missing.js';

/** Every answer of reporting that is not a success, by its stable type. */

export const programUnknown = (): ProblemException =>
  problem({
    status: 404,
    type: 'program-unknown',
    title: 'No such programme',
    detail:
      'If it has just been published, send the position that you were answered as the header Tallystick-After.',
  });

export const accountUnknown = (): ProblemException =>
  problem({
    status: 404,
    type: 'account-unknown',
    title: 'No such account',
    detail:
      'If it has just been opened, send the position that you were answered as the header Tallystick-After.',
  });

export const cursorWrong = (): ProblemException =>
  problem({
    status: 400,
    type: 'validation',
    title: 'The request is not valid',
    errors: [{ field: 'cursor', message: 'must be the `next` of a page before' }],
  });

export const positionAhead = (): ProblemException =>
  problem({
    status: 422,
    type: 'position-ahead',
    title: 'The event store has not come to this position',
    errors: [{ field: 'position', message: 'is beyond the last event' }],
  });

export const trialBalanceRunning = (): ProblemException =>
  problem({
    status: 409,
    type: 'trial-balance-running',
    title: 'One trial balance as of a position at a time, and one is being made',
    detail: 'Each reads the whole ledger. Ask again when it is done.',
  });

export const certificateReportRunning = (): ProblemException =>
  problem({
    status: 409,
    type: 'certificate-report-running',
    title: 'One report of certificates at a time, and one is being made',
    detail: 'Each reads the whole ledger. Ask again when it is done.',
  });

export const viewsMissing = (): ProblemException =>
  problem({
    status: 503,
    type: 'views-missing',
    title: 'The views are not there',
    detail:
      'Nothing is lost: `tally replay --rebuild` (POST /v1/replays) makes them again from the store.',
  });

/** Not the views alone: what a replay notes itself in is gone too. Only a start may make a schema. */
export const schemaMissing = (): ProblemException =>
  problem({
    status: 503,
    type: 'views-missing',
    title: "Reporting's whole schema is not there",
    detail:
      'Nothing is lost: start reporting again, which makes its tables, then `tally replay --rebuild` fills them from the store.',
  });

export const replayRunning = (replay: string | null): ProblemException =>
  problem({
    status: 409,
    type: 'replay-running',
    title: 'One replay at a time, and one is running',
    ...(replay === null ? {} : { extensions: { replay } }),
  });

export const replayUnknown = (): ProblemException =>
  problem({ status: 404, type: 'replay-unknown', title: 'No such replay' });

export const rebuildForbidden = (): ProblemException =>
  problem({
    status: 403,
    type: 'forbidden',
    title: 'Your token does not allow this',
    detail: 'A rebuild needs the role ops.',
  });

/** Says `views-missing` when the views were dropped under a query. */
export const fromViews = <T>(read: () => Promise<T>): Promise<T> => orElse(read, viewsMissing);

/** Says that the schema is missing where the table of replays is. */
export const fromReplays = <T>(work: () => Promise<T>): Promise<T> => orElse(work, schemaMissing);

const orElse = async <T>(work: () => Promise<T>, missing: () => ProblemException): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw areViewsMissing(error) ? missing() : error;
  }
};
