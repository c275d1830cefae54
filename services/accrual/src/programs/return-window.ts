import { addMs, type Instant } from '@tallystick/kernel';
import type { Program } from './catalog.js';

const dayMs = 86_400_000;

/**
 * From when on sales may still be returned at a moment: by the longest window of all versions, because a return goes by the version
 * that was in force when it happened.
 */
export const returnableSince = ({ versions }: Program, at: Instant): Instant =>
  addMs(at, -Math.max(...versions.map(({ book }) => book.returns.windowDays)) * dayMs);
