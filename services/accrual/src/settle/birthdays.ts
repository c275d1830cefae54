import {
  birthdayAnswers,
  birthdayQuestionsMax,
  birthdayWindowsPath,
  type birthdayQuestions,
} from '@tallystick/contracts';
import type { LocalDate, MemberId, ProgramId } from '@tallystick/kernel';
import type { BirthdayWindow } from '@tallystick/rulebook';
import { ServiceAway, type OtherServices } from '@tallystick/service-host';
import type { z } from 'zod';

/** Whether a day lies in the window around a member's birthday, as the rulebook says that window. */
export interface BirthdayQuestion {
  readonly program: ProgramId;
  readonly window: BirthdayWindow;
  readonly member: MemberId;
  readonly day: LocalDate;
}

const keyOfWindow = ({ program, window }: BirthdayQuestion): string =>
  `${window.daysBefore} ${window.daysAfter} ${program}`;
export const keyOfQuestion = (question: BirthdayQuestion): string =>
  `${question.day} ${keyOfWindow(question)} ${question.member}`;

/**
 * Asks enrollment, which alone knows birthdays, and keeps nothing: what was answered is stored with the award that it was asked for. Only
 * where a rulebook asks for birthdays is anything asked.
 */
export class Birthdays {
  constructor(private readonly others: OtherServices) {}

  /** The answers by `keyOfQuestion`; each question is asked once. Throws `ServiceAway`. */
  async ask(questions: readonly BirthdayQuestion[]): Promise<ReadonlyMap<string, boolean>> {
    const different = new Map(questions.map((question) => [keyOfQuestion(question), question]));
    const answers = new Map<string, boolean>();
    for (const alike of Map.groupBy(different.values(), keyOfWindow).values())
      for (let from = 0; from < alike.length; from += birthdayQuestionsMax)
        await this.askAlike(alike.slice(from, from + birthdayQuestionsMax), answers);
    return answers;
  }

  private async askAlike(
    alike: readonly BirthdayQuestion[],
    answers: Map<string, boolean>,
  ): Promise<void> {
    const [first] = alike;
    if (first === undefined) return;
    const body: z.input<typeof birthdayQuestions> = {
      program: first.program,
      ...first.window,
      asked: alike.map(({ member, day }) => ({ member, day })),
    };
    const answer = birthdayAnswers.safeParse(
      await this.others.post('enrollment', birthdayWindowsPath, body),
    );
    if (!answer.success || answer.data.answers.length !== alike.length)
      throw new ServiceAway('enrollment', 'its answer is not one to each question');
    alike.forEach((question, index) => {
      answers.set(keyOfQuestion(question), answer.data.answers[index] === true);
    });
  }
}

/** Of who was not told where enrollment is. */
export const nobodyToAsk = new Birthdays({
  post: (service) => Promise.reject(new ServiceAway(service, 'nobody said where it is')),
});
