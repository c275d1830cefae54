import type { Instant } from '@tallystick/kernel';
import { returnableFrom } from '@tallystick/receipts';
import type { Program } from './catalog.js';

/** A return counts back from when it happened, and a till may have been without a line for so long. */
const lateDaysMax = 31;

/**
 * From when on sales are remembered at a moment, because they may still be returned, also by a return that happened before it and comes
 * late: by the longest window of all versions, because a return goes by the version that was in force when it happened.
 */
export const returnableSince = ({ versions }: Program, at: Instant): Instant =>
  versions
    .map(({ book }) => returnableFrom(book, at, lateDaysMax))
    .reduce((first, one) => (one < first ? one : first));
