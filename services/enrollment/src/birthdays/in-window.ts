import { localDate, type LocalDate, type MemberId, type ProgramId } from '@tallystick/kernel';
import { inBirthdayWindow, type BirthdayWindow } from '@tallystick/rulebook';
import { openPersonal } from '../member/personal.js';
import { sealedColumns, sealedOf } from '../member/pins.js';
import type { Parts } from '../parts.js';

/** Whether a day lies in the window around a member's birthday. */
export interface BirthdayQuestion {
  readonly member: MemberId;
  readonly day: LocalDate;
}

/** One answer for each question, in order; false for who is unknown, or has told no birthday, or has it forgotten. One query for all. */
export const answerBirthdays = async (
  { db, masterKeys }: Parts,
  program: ProgramId,
  window: BirthdayWindow,
  asked: readonly BirthdayQuestion[],
): Promise<readonly boolean[]> => {
  const { rows } = await db.query(
    `select member, ${sealedColumns} from members where program = $1 and member = any($2) and personal is not null`,
    [program, [...new Set(asked.map(({ member }) => member))]],
  );
  const birthdays = new Map<string, LocalDate>();
  for (const [member, sealed] of sealedOf(rows)) {
    const { birthday } = openPersonal(masterKeys, { program, member }, sealed);
    if (birthday !== undefined) birthdays.set(member, localDate(birthday));
  }
  return asked.map(({ member, day }) => {
    const born = birthdays.get(member);
    return born !== undefined && inBirthdayWindow(born, day, window);
  });
};
