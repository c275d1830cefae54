import { Exact, toMinor } from '@tallystick/kernel';
import type { Rulebook, TierLevel } from './rulebook.js';

/** The level that a spend has reached; null without a ladder. `spend`: minor units by calendar year. */
export const tierOf = (
  rulebook: Rulebook,
  spend: ReadonlyMap<string, number>,
  year: string,
): TierLevel | null => {
  const { tiers } = rulebook;
  if (tiers === null) return null;
  let spentMinor = 0;
  if (tiers.window === 'calendar-year') spentMinor = spend.get(year) ?? 0;
  else for (const minor of spend.values()) spentMinor += minor;
  let reached: TierLevel | null = null;
  for (const level of tiers.levels) {
    if (spentMinor >= toMinor(Exact.exact(level.from), rulebook.currency, 'down')) reached = level;
  }
  return reached;
};
