import { z } from 'zod';

const count = z.int().min(0);

export const firstDifference = z.object({
  what: z.enum(['different', 'missing', 'extra']),
  key: z.record(z.string(), z.union([z.string(), z.int()])),
  columns: z
    .array(z.object({ column: z.string(), live: z.string(), replayed: z.string() }))
    .describe('As JSON; only of a different row'),
});
export type FirstDifference = z.output<typeof firstDifference>;

export const viewReport = z.object({
  view: z.string(),
  rows: count.describe('Live rows: equal + different + extra'),
  equal: count,
  different: count,
  missing: count.describe('The store says that they should be there'),
  extra: count.describe('The store knows nothing of them'),
  lagging: count.describe(
    'Rows of streams whose newest events had not arrived yet; compared as of the revision that they are at, and counted above as what they were',
  ),
  first: firstDifference.nullable().describe('The first row that is not equal, in key order'),
  digest: z
    .object({ live: z.string(), replayed: z.string() })
    .describe(
      'SHA-256 over the rows in key order, without what only says when and where they were written',
    ),
});
export type ViewReport = z.output<typeof viewReport>;

export const replayReport = z.object({
  position: z.string().describe('How far the store was folded'),
  caughtUp: z
    .boolean()
    .describe(
      'Whether the live views had taken in everything that was in the store when the replay began; without it, what is missing cannot be told from what is late',
    ),
  equal: z
    .boolean()
    .describe(
      'The live views are what the store says: found equal and caught up, or rebuilt in this run',
    ),
  rebuilt: z
    .boolean()
    .describe('The live views were replaced; the counts say what they were before'),
  views: z.array(viewReport),
});
export type ReplayReport = z.output<typeof replayReport>;
