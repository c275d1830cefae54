import {
  localDate,
  memberId,
  programId,
  streamName,
  type MemberId,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';
import { z } from 'zod';
import { birthday } from './rulebook-rules.js';

/**
 * enrollment, stream `birthday-<program>-<member>`: a member's birthday was set, changed or forgotten. Who did it: the event's actor. The day is
 * in no event.
 */
export const birthdayChanged = z.object({
  program: z.string(),
  member: z.string(),
  kept: z.boolean().describe('whether a birthday is kept since'),
});
export type BirthdayChanged = z.output<typeof birthdayChanged>;

export const birthdayStream = (program: ProgramId, member: MemberId): StreamName =>
  streamName('birthday', program, member);

/** What accrual asks of enrollment, and what it is answered (`POST /v1/members/birthday-windows`). */

export const birthdayWindowsPath = '/v1/members/birthday-windows';
/** Questions of one request. */
export const birthdayQuestionsMax = 1_000;

const id = z.string().min(1).max(100);

export const birthdayQuestions = birthday.extend({
  program: id.transform(programId),
  asked: z
    .array(
      z.strictObject({
        member: id.transform(memberId),
        day: z.iso.date().transform(localDate).describe("A day of the programme's calendar"),
      }),
    )
    .min(1)
    .max(birthdayQuestionsMax),
});

export const birthdayAnswers = z.object({
  answers: z
    .array(z.boolean())
    .describe('Of each question, in order: whether the day lies in the window'),
});
