import { localDate, memberId, programId } from '@tallystick/kernel';
import { z } from 'zod';
import { birthday } from './rulebook-rules.js';

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
