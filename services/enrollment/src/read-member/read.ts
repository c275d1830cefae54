import type { RecordedEvent } from '@tallystick/event-store';
import {
  cardToken,
  type AccountId,
  type CardToken,
  type Instant,
  type MemberId,
  type ProgramId,
} from '@tallystick/kernel';
import { z } from 'zod';
import { memberStream } from '../member/ids.js';
import { openPersonal, type PersonalData } from '../member/personal.js';
import { pinsOf, type Pin } from '../member/pins.js';
import { restore } from '../member/restore.js';
import { storedInstant } from '../member/stored-instant.js';
import type { Parts } from '../parts.js';

export interface MemberView {
  readonly member: MemberId;
  readonly account: AccountId;
  readonly since: Instant;
  readonly cards: readonly { readonly card: CardToken; readonly since: Instant }[];
  /** Null: none was given, or none is left. */
  readonly personal: PersonalData | null;
}

const cardRow = z.object({
  card: z.string().transform(cardToken),
  since: storedInstant,
});

/** The row of a member whose events are in the store; made again from them if it is missing. */
export const rowOf = async (
  parts: Parts,
  program: ProgramId,
  member: MemberId,
): Promise<Pin | undefined> => {
  const row = (await pinsOf(parts.db, program, [member])).get(member);
  if (row?.appended === true) return row;
  const events: RecordedEvent[] = [];
  for await (const event of parts.store.readStream(memberStream(program, member)))
    events.push(event);
  if (events.length === 0) return undefined;
  await restore(parts.db, events);
  return (await pinsOf(parts.db, program, [member])).get(member);
};

export const readMember = async (
  parts: Parts,
  program: ProgramId,
  member: MemberId,
): Promise<MemberView | undefined> => {
  const row = await rowOf(parts, program, member);
  if (row === undefined) return undefined;
  const { rows } = await parts.db.query(
    `select card, since from cards where program = $1 and member = $2 and appended
      order by since, ordinal, card`,
    [program, member],
  );
  return {
    member,
    account: row.account,
    since: row.since,
    cards: z.array(cardRow).parse(rows),
    personal: row.personal === null ? null : openPersonal(parts.masterKeys, row, row.personal),
  };
};
