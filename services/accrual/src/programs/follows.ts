import { instant, type Instant } from '@tallystick/kernel';
import { changedMeanings, type ChangedMeaning } from '@tallystick/programmes';
import type { Rulebook } from '@tallystick/rulebook';
import type { ApprovedVersion } from './versions.js';

/** Why a document cannot be the next version: a field of it, and what to write instead. */
export type CannotFollow = ChangedMeaning;

type Followed = Pick<
  Rulebook,
  'currency' | 'timeZone' | 'effectiveFrom' | 'certificates' | 'budgets'
>;

/**
 * What of a document does not go with the versions before it. What was rated stays rated, so no version after the first begins in the
 * past; and points, spend and days of one programme are of one currency and one time zone;
 * and what is remembered by an id stays what it is.
 */
export const cannotFollow = (
  book: Followed,
  approved: readonly (Pick<ApprovedVersion, 'ref'> & { readonly book: Followed })[],
  now: Instant,
): CannotFollow[] => {
  const newest = approved.at(-1);
  if (newest === undefined) return [];
  const faults: CannotFollow[] = [];
  for (const field of ['currency', 'timeZone'] as const) {
    const was = newest.book[field];
    if (book[field] !== was)
      faults.push({
        path: [field],
        message: `must stay ${was}: begin another programme for ${book[field]}`,
      });
  }
  const from = instant(book.effectiveFrom);
  const later = approved.find(({ book: other }) => instant(other.effectiveFrom) > from);
  if (later !== undefined) {
    const { effectiveFrom } = later.book;
    const message = `must not be before ${effectiveFrom}, when version ${later.ref.version} begins`;
    faults.push({ path: ['effectiveFrom'], message });
  } else if (from < now) {
    const message = `is over, it is ${now}: write a moment that is still to come when somebody else approves`;
    faults.push({ path: ['effectiveFrom'], message });
  }
  const before = approved.map((version) => version.book);
  return [...faults, ...changedMeanings(book, before)];
};
