import type { MemberId, ProgramId } from '@tallystick/kernel';
import { transaction } from '@tallystick/postgres';
import { openPersonal, sealPersonal, withBirthday } from '../member/personal.js';
import { sealedColumns, sealedOf } from '../member/pins.js';
import { rowOf } from '../read-member/read.js';
import type { Parts } from '../parts.js';

export type BirthdayChange = 'changed' | 'same' | 'member-unknown';

/** Sets a member's birthday, or forgets it (null). The day is sealed with what else is personal, and goes nowhere else: no event says it. */
export const changeBirthday = async (
  parts: Parts,
  program: ProgramId,
  member: MemberId,
  day: string | null,
): Promise<BirthdayChange> => {
  // A row that was lost is made again first.
  if ((await rowOf(parts, program, member)) === undefined) return 'member-unknown';
  const of = { program, member };
  return transaction(parts.db, async (tx): Promise<BirthdayChange> => {
    const { rows } = await tx.query(
      `select member, ${sealedColumns} from members where program = $1 and member = $2 for update`,
      [program, member],
    );
    const sealed = sealedOf(rows).get(member);
    const before = sealed === undefined ? null : openPersonal(parts.masterKeys, of, sealed);
    if ((before?.birthday ?? null) === day) return 'same';
    const personal = withBirthday(before, day);
    const now = personal === null ? null : sealPersonal(parts.masterKeys, of, personal);
    await tx.query(
      `update members set master_key_id = $3, wrapped_key = $4, personal = $5, birthday_changed = true
        where program = $1 and member = $2`,
      [program, member, now?.masterKeyId ?? null, now?.wrappedKey ?? null, now?.box ?? null],
    );
    return 'changed';
  });
};
