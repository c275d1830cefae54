import { instant, type Instant } from '@tallystick/kernel';
import type { Rulebook } from '@tallystick/rulebook';
import type { ApprovedVersion } from './versions.js';

/** Why a document cannot be the next version: a field of it, and what to write instead. */
export interface CannotFollow {
  readonly field: 'currency' | 'timeZone' | 'effectiveFrom';
  readonly message: string;
}

/**
 * What of a document does not go with the versions before it. What was rated stays rated, so no version after the first begins in the
 * past; and points, spend and days of one programme are of one currency and one time zone.
 */
export const cannotFollow = (
  book: Pick<Rulebook, 'currency' | 'timeZone' | 'effectiveFrom'>,
  approved: readonly Pick<ApprovedVersion, 'book' | 'ref'>[],
  now: Instant,
): CannotFollow[] => {
  const newest = approved.at(-1);
  if (newest === undefined) return [];
  const faults: CannotFollow[] = [];
  for (const field of ['currency', 'timeZone'] as const) {
    const was = newest.book[field];
    if (book[field] !== was)
      faults.push({
        field,
        message: `must stay ${was}: begin another programme for ${book[field]}`,
      });
  }
  const from = instant(book.effectiveFrom);
  const later = approved.find(({ book: other }) => instant(other.effectiveFrom) > from);
  if (later !== undefined) {
    const { effectiveFrom } = later.book;
    const message = `must not be before ${effectiveFrom}, when version ${later.ref.version} begins`;
    faults.push({ field: 'effectiveFrom', message });
  } else if (from < now) {
    const message = `is over, it is ${now}: write a moment that is still to come when somebody else approves`;
    faults.push({ field: 'effectiveFrom', message });
  }
  return faults;
};
