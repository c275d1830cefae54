import { weekOf, yearOf, type LocalDate } from '@tallystick/kernel';
import type { Cap, CapPeriod } from '../rulebook.js';

/** What the programme's own caps are counted under. */
export const wholeProgram = '*';

/**
 * Names a counter of the account: what a rule (or the programme, `*`) gave in a period, `double-tuesday/week/2026-W47`. Each lot carries the
 * names of the counters that it counts in, so that a return gives back room where its sale took it. Null for a cap on one receipt: nothing
 * outlives it.
 */
export const counterOf = (rule: string, per: CapPeriod, day: LocalDate): string | null => {
  switch (per) {
    case 'receipt':
      return null;
    case 'day':
      return `${rule}/day/${day}`;
    case 'week':
      return `${rule}/week/${weekOf(day)}`;
    case 'month':
      return `${rule}/month/${day.slice(0, -3)}`;
    case 'year':
      return `${rule}/year/${yearOf(day)}`;
    case 'lifetime':
      return `${rule}/lifetime`;
  }
};

/** The counters that a rule's caps, or the programme's, look at on a day. */
export const countersOf = (rule: string, caps: readonly Cap[] = [], day: LocalDate): string[] => [
  ...new Set(caps.map(({ per }) => counterOf(rule, per, day)).filter((name) => name !== null)),
];
