import { InvalidArgumentError, Option, type Command } from 'commander';
import { durationSeconds } from './token.js';

/** A whole number above 0. Throws `InvalidArgumentError`, as the others here, which commander tells with the argument's name. */
export const whole = (text: string): number => {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError('It must be a whole number above 0.');
  return number;
};

/** A duration such as `30m`, in seconds. */
export const duration = (text: string): number => {
  const seconds = durationSeconds(text);
  if (seconds === null) throw new InvalidArgumentError('It must be like 90s, 30m, 1h or 7d.');
  return seconds;
};

const holdSecondsMax = 30 * 86_400;
/** For how long points may be held, in seconds. */
export const holdDuration = (text: string): number => {
  const seconds = duration(text);
  if (seconds > holdSecondsMax) throw new InvalidArgumentError('A hold lasts 30d at most.');
  return seconds;
};

/** A day such as `2026-12-31`. */
export const day = (text: string): string => {
  if (!/^\d{4}-\d\d-\d\d$/.test(text))
    throw new InvalidArgumentError('It must be a day such as 2026-12-31.');
  return text;
};

/** Makes commands by which a person does something in a programme, with what all of them have in common. */
export const byHand =
  (program: Command) =>
  (name: string, description: string, example: string): Command =>
    program
      .command(name)
      .description(description)
      .addOption(new Option('--program <id>', 'the programme').makeOptionMandatory())
      .option('--as <subject>', "who you are, with the data folder's key; default: tally")
      .addOption(new Option('--json', 'for machines: one JSON document'))
      .addHelpText('after', example);
