import { printable, printableRule } from '@tallystick/contracts';
import { canonicalJson } from '@tallystick/event-store';
import { dayAt, timeZone, type Instant, type MemberId, type ProgramId } from '@tallystick/kernel';
import { open, seal, type MasterKeys, type Sealed } from '@tallystick/sealing';
import { z } from 'zod';

const oldestBirthday = '1900-01-01';

export const birthday = z.iso
  .date('must be a day such as 1990-02-28')
  .refine((day) => day >= oldestBirthday, `must not be before ${oldestBirthday}`)
  .describe('A calendar day, not in the future');

/** What is known of a person. It is kept sealed in enrollment's own schema and is in no event, message or log line. */
export const personalData = z
  .strictObject({
    name: z.string().trim().min(1).max(200).regex(printable, printableRule).optional(),
    email: z.email('must be an email address').max(254).optional(),
    birthday: birthday.optional(),
    phone: z
      .string()
      .trim()
      .regex(/^\+?[0-9 ()./-]{5,30}$/, 'must be a phone number')
      .optional(),
  })
  .describe('Kept encrypted under a key of this member alone');
export type PersonalData = z.output<typeof personalData>;

/** Today where the day begins first: whoever was born today anywhere on Earth is taken. */
const earliestZone = timeZone('Pacific/Kiritimati');
export const isFutureDay = (day: string, now: Instant): boolean => day > dayAt(now, earliestZone);

/** Nothing known is the same as not given. */
export const orNothing = (personal: PersonalData | undefined): PersonalData | null =>
  personal === undefined || Object.values(personal).every((value) => value === undefined)
    ? null
    : personal;

/** The same with another birthday, or with none. */
export const withBirthday = (
  personal: PersonalData | null,
  day: string | null,
): PersonalData | null => {
  const { birthday: _before, ...rest } = personal ?? {};
  return orNothing(day === null ? rest : { ...rest, birthday: day });
};

/** The row that a box belongs to; a box that was moved to another row does not open. */
const contextOf = (program: ProgramId, member: MemberId): string =>
  JSON.stringify(['enrollment', 'personal', program, member]);

export const sealPersonal = (
  keys: MasterKeys,
  of: { readonly program: ProgramId; readonly member: MemberId },
  personal: PersonalData,
): Sealed => seal(keys, contextOf(of.program, of.member), Buffer.from(canonicalJson(personal)));

export const openPersonal = (
  keys: MasterKeys,
  of: { readonly program: ProgramId; readonly member: MemberId },
  sealed: Sealed,
): PersonalData =>
  personalData.parse(JSON.parse(open(keys, contextOf(of.program, of.member), sealed).toString()));

export const samePersonal = (a: PersonalData | null, b: PersonalData | null): boolean =>
  canonicalJson(a) === canonicalJson(b);
