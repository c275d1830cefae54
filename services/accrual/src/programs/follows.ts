import type { Instant } from '@tallystick/kernel';
import { cannotFollow as cannotStandAfter, startIsOver } from '@tallystick/programmes';
import type { CannotFollow } from '@tallystick/programmes';
import type { Rulebook } from '@tallystick/rulebook';
import type { ApprovedVersion } from './versions.js';

export type { CannotFollow } from '@tallystick/programmes';

/** What of a document does not go with the versions that are approved, or with the clock. */
export const cannotFollow = (
  book: Rulebook,
  approved: readonly Pick<ApprovedVersion, 'book'>[],
  now: Instant,
): CannotFollow[] => {
  if (approved.length === 0) return [];
  const faults = cannotStandAfter(
    book,
    approved.map((version) => version.book),
  );
  return faults.some(({ path }) => path[0] === 'effectiveFrom')
    ? faults
    : [...faults, ...startIsOver(book, now)];
};
