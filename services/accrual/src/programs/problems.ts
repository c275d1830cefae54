import { placedIn, type DocumentFault } from '@tallystick/programmes';
import { problem } from '@tallystick/service-host';
import type { Refused } from './decide-version.js';

export const versionUnknown = () =>
  problem({
    status: 404,
    type: 'rulebook-version-unknown',
    title: 'The programme has no such version',
  });

export const faulty = (faults: readonly DocumentFault[]) =>
  problem({
    status: 422,
    type: 'rulebook-faulty',
    title: 'The rulebook has faults',
    errors: faults.map(atItsPlace),
  });

const atItsPlace = ({ line, column, field, message }: DocumentFault) => ({
  field: field === '' ? 'document' : field,
  message: `line ${line}, column ${column}: ${message}`,
});

/** Why a step of a version is not taken; who sends the document's text is told the places in it. */
export const refused = (refusal: Refused, text: string | null) => {
  switch (refusal.kind) {
    case 'taken':
      return problem({
        status: 409,
        type: 'rulebook-version-taken',
        title: 'This version is approved, and an approved version never changes',
        detail: 'Give the document the next version number.',
      });
    case 'out-of-order':
      return problem({
        status: 409,
        type: 'rulebook-version-out-of-order',
        title: 'Versions count up by one',
        detail: `The next version is ${refusal.next}.`,
      });
    case 'cannot-follow':
      return problem({
        status: 422,
        type: 'rulebook-cannot-follow',
        title: 'The document cannot be the next version of the programme',
        errors:
          text === null
            ? refusal.faults.map(({ path, message }) => ({ field: path.join('.'), message }))
            : placedIn(text, refusal.faults).map(atItsPlace),
      });
    case 'proposal-open':
      return problem({
        status: 409,
        type: 'rulebook-proposal-open',
        title: 'Another document waits for approval',
        detail: 'Have it approved, or withdraw it first.',
      });
    case 'version-unknown':
      return versionUnknown();
    case 'changed':
      return problem({
        status: 409,
        type: 'rulebook-changed',
        title: 'The version is not the one that you have seen',
        detail: 'Read it again: its hash is another one.',
        extensions: { hash: refusal.hash },
      });
    case 'not-proposed':
      return problem({
        status: 409,
        type: 'rulebook-not-proposed',
        title: 'Nobody has proposed this version',
        detail: 'It is a draft: propose it first.',
      });
    case 'same-person':
      return problem({
        status: 403,
        type: 'rulebook-same-person',
        title: 'Who wrote or proposed a version cannot approve it',
        detail: 'Another manager has to approve it.',
      });
  }
};
