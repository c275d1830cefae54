import { instant, type Instant } from '@tallystick/kernel';
import type { Rulebook } from './rulebook.js';

/** The version in force at a moment: of those that had begun, the one that began last; of equals, the higher version. */
export const inForceAt = <R extends Pick<Rulebook, 'version' | 'effectiveFrom'>>(
  versions: readonly R[],
  at: Instant,
): R | null => {
  let found: { readonly rulebook: R; readonly from: Instant } | null = null;
  for (const rulebook of versions) {
    const from = instant(rulebook.effectiveFrom);
    if (from > at) continue;
    if (
      found === null ||
      from > found.from ||
      (from === found.from && rulebook.version > found.rulebook.version)
    ) {
      found = { rulebook, from };
    }
  }
  return found?.rulebook ?? null;
};
