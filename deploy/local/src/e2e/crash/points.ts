import { random } from '../../sample/quarter/random.js';

/** What is killed. `backend`: one server process of PostgreSQL, upon which it ends all the others and recovers. */
export const victims = [
  'postgres',
  'backend',
  'accrual',
  'redemption',
  'enrollment',
  'partners',
  'reporting',
] as const;
export type Victim = (typeof victims)[number];

/** When: in the middle of the load, right after everything serves again, or while the kill before is still being recovered from. */
export type Phase = 'under-load' | 'just-served' | 'recovering';

export interface Point {
  readonly victim: Victim;
  readonly phase: Phase;
  /** After the phase has begun. */
  readonly delayMs: number;
}

const weights: readonly { readonly victim: Victim; readonly weight: number }[] = [
  { victim: 'postgres', weight: 30 },
  { victim: 'backend', weight: 15 },
  { victim: 'accrual', weight: 20 },
  { victim: 'redemption', weight: 20 },
  { victim: 'enrollment', weight: 5 },
  { victim: 'partners', weight: 5 },
  { victim: 'reporting', weight: 5 },
];
const phases: readonly {
  readonly phase: Phase;
  readonly weight: number;
  readonly maxMs: number;
}[] = [
  { phase: 'under-load', weight: 60, maxMs: 1_500 },
  { phase: 'just-served', weight: 20, maxMs: 100 },
  { phase: 'recovering', weight: 20, maxMs: 1_500 },
];
/** What even a few points try. */
const first: readonly Victim[] = [
  'postgres',
  'accrual',
  'redemption',
  'backend',
  'postgres',
  'accrual',
];

/** The points of a run: the same for the same seed. */
export const pointsOf = (seed: number, count: number): readonly Point[] => {
  const chance = random(seed);
  return Array.from({ length: count }, (_, index) => {
    const { phase, maxMs } =
      index === 0 ? { phase: 'under-load' as const, maxMs: 500 } : chance.weighted(phases);
    const victim = chance.weighted(weights).victim;
    return { victim: first[index] ?? victim, phase, delayMs: chance.between(0, maxMs) };
  });
};
