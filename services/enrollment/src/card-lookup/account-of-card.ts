import {
  accountId,
  memberId,
  type AccountId,
  type CardToken,
  type MemberId,
  type ProgramId,
} from '@tallystick/kernel';
import type { Database } from '@tallystick/postgres';
import { z } from 'zod';

const row = z.object({
  member: z.string().transform(memberId),
  account: z.string().transform(accountId),
});

/** Whom a card leads to; undefined: nobody, or a link whose event is not in the store yet. */
export const accountOfCard = async (
  db: Database,
  program: ProgramId,
  card: CardToken,
): Promise<{ readonly member: MemberId; readonly account: AccountId } | undefined> => {
  const { rows } = await db.query(
    'select member, account from cards where program = $1 and card = $2 and appended',
    [program, card],
  );
  return z.array(row).parse(rows)[0];
};
