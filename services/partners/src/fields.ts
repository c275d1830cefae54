import { printable, printableRule } from '@tallystick/contracts';
import { programId } from '@tallystick/kernel';
import { z } from 'zod';

export const text = (what: string) =>
  z.string().trim().min(1).max(100).regex(printable, printableRule).describe(what);

/** Program, partner and event together name a stream, which has at most 1,000 bytes when encoded: hence the lengths. */
export const program = text('Id of the programme').transform(programId);
export const partner = text('Id of the partner within the programme');

/** As they are given: a programme's as rulebooks name it, a partner's likewise. */
export const newProgram = program.refine(
  (id) => /^[a-z0-9][a-z0-9-]{0,62}$/.test(id),
  'must be lower-case letters, digits and dashes, at most 63',
);
export const newPartner = partner.regex(
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
  'must be letters, digits, dots, dashes and underscores, at most 63',
);
export const eventIdPattern = /^[\x21-\x7e]{1,200}$/;
export const eventIdRule = 'must be 1 to 200 visible ASCII characters';
export const eventId = z
  .string()
  .regex(eventIdPattern, eventIdRule)
  .describe('The id that the partner gave its event: the header webhook-id');
export const position = z
  .string()
  .describe(
    'Place in the event store, a whole number; hand it on as `Tallystick-After` to read what this wrote',
  );
export const secret = z
  .string()
  .describe(
    'Signs events (Standard Webhooks, `whsec_` and base64). Shown this once and never again',
  );
