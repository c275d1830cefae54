import { instant, type Instant } from '@tallystick/kernel';
import type { Rulebook } from '@tallystick/rulebook';
import { changedMeanings, type ChangedMeaning } from './changed-meanings.js';

/** Why a document cannot be the next version: a field of it, and what to write instead. */
export type CannotFollow = ChangedMeaning;

type Followed = Pick<
  Rulebook,
  'program' | 'version' | 'currency' | 'timeZone' | 'effectiveFrom' | 'certificates' | 'budgets'
>;

/**
 * What of a document does not go with the versions before it, whenever it is asked. Points, spend and days of one programme are of one
 * currency and one time zone; versions begin one after another; and what is remembered by an id stays what it is.
 */
export const cannotFollow = (book: Followed, before: readonly Followed[]): CannotFollow[] => {
  const newest = before.at(-1);
  if (newest === undefined) return [];
  const faults: CannotFollow[] = [];
  if (book.program !== newest.program)
    faults.push({
      path: ['program'],
      message: `must be ${newest.program}: another programme has versions of its own`,
    });
  for (const field of ['currency', 'timeZone'] as const) {
    const was = newest[field];
    if (book[field] !== was)
      faults.push({
        path: [field],
        message: `must stay ${was}: begin another programme for ${book[field]}`,
      });
  }
  const from = instant(book.effectiveFrom);
  const later = before.find(({ effectiveFrom }) => instant(effectiveFrom) > from);
  if (later !== undefined) {
    const message = `must not be before ${later.effectiveFrom}, when version ${later.version} begins`;
    faults.push({ path: ['effectiveFrom'], message });
  }
  return [...faults, ...changedMeanings(book, before)];
};

/** What was rated stays rated, so no version after the first begins in the past. */
export const startIsOver = (
  { effectiveFrom }: Pick<Rulebook, 'effectiveFrom'>,
  now: Instant,
): CannotFollow[] => {
  if (instant(effectiveFrom) >= now) return [];
  const message = `is over, it is ${now}: write a moment that is still to come when somebody else approves`;
  return [{ path: ['effectiveFrom'], message }];
};

/** What a server would refuse now, as far as its clock is ours and the versions before are all that it has. */
export const mayNotFollow = (
  book: Followed,
  before: readonly Followed[],
  now: Instant,
): CannotFollow[] => {
  const newest = before.at(-1);
  if (newest === undefined || newest.program !== book.program) return [];
  const message = `must be above ${newest.version}, the version before it`;
  return [
    ...(book.version > newest.version ? [] : [{ path: ['version'], message }]),
    ...(cannotFollow(book, before).some(({ path }) => path[0] === 'effectiveFrom')
      ? []
      : startIsOver(book, now)),
  ];
};
