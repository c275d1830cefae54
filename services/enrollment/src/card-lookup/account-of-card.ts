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

const cardRow = z.object({ card: z.string(), member: z.string().transform(memberId) });

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

/** The members that cards lead to; one that leads to nobody is left out. */
export const membersOfCards = async (
  db: Database,
  program: ProgramId,
  cards: readonly CardToken[],
): Promise<ReadonlyMap<string, MemberId>> => {
  if (cards.length === 0) return new Map();
  const { rows } = await db.query(
    'select card, member from cards where program = $1 and card = any($2) and appended',
    [program, cards],
  );
  return new Map(
    z
      .array(cardRow)
      .parse(rows)
      .map(({ card, member }) => [card, member]),
  );
};
