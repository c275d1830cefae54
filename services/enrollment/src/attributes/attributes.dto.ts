import { attributeValue, printable, printableRule } from '@tallystick/contracts';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { member, memberAnswer, position, program, since } from '../fields.js';

const namesMax = 50;
const textsMax = 200;
const text = z.string().min(1).max(100).regex(printable, printableRule);

/** As a rulebook declares names, and no longer. */
const name = z.string().regex(/^[a-z][A-Za-z0-9]{0,40}$/);
const value = z
  .union([z.boolean(), z.int(), text, z.array(text).max(textsMax)])
  .nullable()
  .describe('true or false, a whole number, a text or texts; null: nothing any more');

export class MemberPath extends createZodDto(z.object({ program, member })) {}

export class SetRequest extends createZodDto(
  z.strictObject({
    attributes: z
      .record(name, value)
      .refine((attributes) => {
        const names = Object.keys(attributes).length;
        return names > 0 && names <= namesMax;
      }, `must name 1 to ${namesMax}`)
      .describe('By name, as the rulebook declares them; `segments`: all segments of the member'),
    from: since.describe(
      'Since when it is so; RFC 3339, may be past or future; default: from now on',
    ),
  }),
) {}

export class SetAnswerBody extends createZodDto(
  z.object({
    program: z.string(),
    member: memberAnswer,
    from: z.string().describe('RFC 3339, UTC'),
    position,
  }),
) {}

export class MemberAttributes extends createZodDto(
  z.object({
    program: z.string(),
    member: memberAnswer,
    attributes: z.record(z.string(), attributeValue).describe('As of now'),
    told: z
      .array(
        z.object({
          from: z.string().describe('RFC 3339, UTC: since when it is so'),
          attributes: z.record(z.string(), attributeValue.nullable()),
          by: z.string().describe('Who told it'),
          at: z.string().describe('RFC 3339, UTC: when'),
        }),
      )
      .describe('All that was ever told, in that order'),
  }),
) {}
