import { programId } from '@tallystick/kernel';
import { z } from 'zod';

/** No control or formatting characters, no line separators, no halves of surrogate pairs. */
export const printable = /^[^\p{C}\p{Zl}\p{Zp}]*$/u;

export const text = (what: string) =>
  z.string().trim().min(1).max(100).regex(printable, 'must be printable characters').describe(what);

export const program = text('Id of the programme').transform(programId);
export const partner = text('Id of the partner within the programme');
export const eventIdPattern = /^[\x21-\x7e]{1,255}$/;
export const eventId = z
  .string()
  .regex(eventIdPattern, 'must be 1 to 255 visible ASCII characters')
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
