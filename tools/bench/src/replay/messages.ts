import { z } from 'zod';

/** What the process of a replay is told, and what it answers. */
export interface Replay {
  readonly url: string;
  readonly side: 'fold' | 'parse';
}

export const replayed = z.object({
  events: z.int(),
  accounts: z.int(),
  earned: z.int(),
  redeemed: z.int(),
  seconds: z.number(),
  /** Of the whole process, as the operating system counts it. */
  peakBytes: z.int(),
});
export type Replayed = z.output<typeof replayed>;
