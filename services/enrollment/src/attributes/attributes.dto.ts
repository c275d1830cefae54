import { attributeValue, printable, printableRule } from '@tallystick/contracts';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { cardNumber, member, memberAnswer, position, program, since } from '../fields.js';

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

const attributes = z
  .record(name, value)
  .refine((given) => {
    const names = Object.keys(given).length;
    return names > 0 && names <= namesMax;
  }, `must name 1 to ${namesMax}`)
  .describe('By name, as the rulebook declares them; `segments`: all segments of the member');
const from = since.describe(
  'Since when it is so; RFC 3339, may be past or future; default: from now on',
);

export class SetRequest extends createZodDto(z.strictObject({ attributes, from })) {}

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

const batchMax = 500;

/** One of a batch. Checked apart, so that one that is wrong does not stop the others. */
export const batchItem = z
  .strictObject({ member: member.optional(), card: cardNumber.optional(), attributes, from })
  .refine(({ member: named, card }) => (named === undefined) !== (card === undefined), {
    path: ['member'],
    message: 'name either the member or a card of it',
  });
export type BatchItem = z.output<typeof batchItem>;

/** The schema of an item, for the API's description: what the handler is handed is checked item by item. */
const { $schema: _, ...itemSchema } = z.toJSONSchema(batchItem, { io: 'input' });

export class SetBatchRequest extends createZodDto(
  z.strictObject({
    program,
    dryRun: z.boolean().default(false).describe('Answers what would be, and writes nothing'),
    items: z.array(z.unknown().meta(itemSchema)).min(1).max(batchMax),
  }),
) {}

export class SetBatchAnswer extends createZodDto(
  z.object({
    items: z
      .array(
        z.union([
          z.object({
            status: z.union([z.literal(200), z.literal(201)]).describe('200: was told before'),
            member: memberAnswer,
            from: z.string().describe('RFC 3339, UTC'),
          }),
          z.object({
            status: z.int().min(400),
            problem: z.looseObject({ type: z.string(), title: z.string() }),
          }),
        ]),
      )
      .describe('One answer for each item, in order'),
    position: position.nullable().describe('As for one; null when nothing was told'),
  }),
) {}
