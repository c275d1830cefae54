import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import {
  account,
  accountAnswer,
  cardAnswer,
  cardNumbers,
  memberAnswer,
  position,
  program,
  since,
} from '../fields.js';
import { personalData } from '../member/personal.js';

export const batchMax = 1_000;

export class EnrolRequest extends createZodDto(
  z.strictObject({
    program,
    cards: cardNumbers,
    from: since,
    personal: personalData.optional(),
    account: account
      .optional()
      .describe('An account of another member, to share it; default: one of its own'),
  }),
) {}

export class EnrolAnswerBody extends createZodDto(
  z.object({
    program: z.string(),
    member: memberAnswer,
    account: accountAnswer,
    cards: z.array(cardAnswer),
    position,
  }),
) {}

/** One of a batch. Checked apart, so that one that is wrong does not stop the others. */
export const batchItem = z.strictObject({
  key: z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters')
    .describe(
      'What Idempotency-Key is for a single enrolment: the same key leads to the same member',
    ),
  cards: cardNumbers,
  from: since,
});

/** The schema of an item, for the API's description: what the handler is handed is checked item by item. */
const { $schema: _, ...itemSchema } = z.toJSONSchema(batchItem, { io: 'input' });

export class EnrolBatchRequest extends createZodDto(
  z.strictObject({
    program,
    items: z.array(z.unknown().meta(itemSchema)).min(1).max(batchMax),
  }),
) {}

export class EnrolBatchAnswer extends createZodDto(
  z.object({
    items: z
      .array(
        z.union([
          z.object({
            status: z.union([z.literal(200), z.literal(201)]).describe('200: was enrolled before'),
            member: memberAnswer,
            account: accountAnswer,
            cards: z.array(cardAnswer),
          }),
          z.object({
            status: z.int().min(400),
            problem: z.looseObject({ type: z.string(), title: z.string() }),
          }),
        ]),
      )
      .describe('One answer for each item, in order'),
    position: position.nullable().describe('As for one; null when nobody was enrolled'),
  }),
) {}
