import { addMs, type Instant } from '@tallystick/kernel';
import type { Program } from './catalog.js';

const dayMs = 86_400_000;

/** A return counts back from when it happened, and a till may have been without a line for so long. */
const lateDaysMax = 31;

/**
 * From when on sales are remembered at a moment, because they may still be returned, also by a return that happened before it and comes
 * late: by the longest window of all versions, because a return goes by the version that was in force when it happened.
 */
export const returnableSince = ({ versions }: Program, at: Instant): Instant =>
  addMs(
    at,
    -(lateDaysMax + Math.max(...versions.map(({ book }) => book.returns.windowDays))) * dayMs,
  );
