import { z } from 'zod';
import { printable, printableRule } from '@tallystick/contracts';

/** The parts that redemption's requests and answers are made of. */

const text = (charactersMax: number) =>
  z.string().min(1).max(charactersMax).regex(printable, printableRule);

export const program = text(100);
export const accountName = text(100);
export const card = z.string().trim().min(1).max(100).regex(printable, printableRule);

/** An account, named by itself or by a card that leads to it. */
export const whichAccount = {
  account: accountName.optional(),
  card: card.optional().describe('The card number, instead of account'),
};

export const wholePoints = z.int().min(1).max(Number.MAX_SAFE_INTEGER);
export const kind = z
  .string()
  .regex(/^[a-z0-9][a-z0-9:._-]{0,99}$/)
  .default('discount')
  .describe(
    'What they are spent on, as the rulebook has it: discount where points have a value in money, reward:<id> for exactly its price',
  );
export const reference = text(200).describe("The till's or the shop's own reference");
export const reason = text(200);

/** Why points are not spent, or not reserved: problems with status 409. */
export const spendingProblems =
  'insufficient-points, account-merged, no-rulebook-in-force, kind-unknown, reward-unknown, level-too-low, price-differs';

/** In answers. */
export const availableAfter = z.int().describe('What was available right after it');
export const time = z.string().describe('RFC 3339, UTC');
export const position = z
  .string()
  .describe(
    'Place in the event store, a whole number; hand it on as `Tallystick-After` to read what this wrote',
  );
