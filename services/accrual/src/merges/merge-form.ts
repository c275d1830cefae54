import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { printable, printableRule } from '@tallystick/contracts';
import type { Outlook } from './change-merge.js';
import { mergeStatuses, type Figures, type Merge } from './merge.js';
import type { Registered } from './merge-register.js';

const text = (charsMax: number) =>
  z.string().trim().min(1).max(charsMax).regex(printable, printableRule);

export class MergeRequestBody extends createZodDto(
  z.strictObject({
    program: text(100),
    source: text(100).describe('The account that becomes part of the other one'),
    target: text(100).describe('The account that answers for both from then on'),
    reason: text(500).describe('Kept for ever: why, and nothing personal'),
  }),
) {}

const figures = z.strictObject({
  points: z.int().describe('Unspent, whatever its dates'),
  lots: z.int().describe('In how many lots'),
  held: z.int().describe('What open holds reserve'),
  holds: z.int().describe('How many open holds; they are captured and released as before'),
  arrears: z.int().describe('What is owed, and is owed by the target then'),
  certificates: z.int().describe('Gift certificates that can still be used'),
});

export class MergeBody extends createZodDto(
  z.strictObject({
    merge: z.string(),
    program: z.string(),
    source: z.string(),
    target: z.string(),
    status: z
      .enum(mergeStatuses)
      .describe('requested: open; approved: for a moment, on its way; applied, rejected: over'),
    reason: z.string(),
    requestedBy: z.string().describe("A token's subject"),
    requestedAt: z.string(),
    approvedBy: z
      .string()
      .nullable()
      .describe('Of a merge that has happened, null: an older release let one person do it'),
    moves: figures
      .nullable()
      .describe('What it would move: as of now while it is open, otherwise as of its request'),
    stale: z
      .strictObject({ account: z.string(), successor: z.string() })
      .nullable()
      .describe(
        'An account of an open request became part of another one: it can be rejected only',
      ),
    moved: figures.nullable().describe('What it has moved'),
    rejected: z.strictObject({ by: z.string(), reason: z.string() }).nullable(),
    position: z.string().optional(),
  }),
) {}
type Body = z.input<typeof MergeBody.schema>;

export class MergeList extends createZodDto(
  z.strictObject({ merges: z.array(MergeBody.schema), next: z.string().nullable() }),
) {}

export const bodyOf = (found: Merge, { moves, stale }: Outlook): Body => {
  const { asked, status, requestedAt, approvedBy, moved, rejected } = found;
  const { merge, program, source, target, reason, requestedBy } = asked;
  return {
    ...{ merge, program, source, target, status, reason, requestedBy, requestedAt, approvedBy },
    ...{ moves, stale, moved, rejected },
  };
};

/** Of a merge that an older release took from one person alone. */
export const bodyOfBefore = (before: Registered, moved: Figures | null): Body => {
  const { merge, program, source, target, reason, requestedBy, at: requestedAt } = before;
  return {
    ...{ merge, program, source, target, reason, requestedBy, requestedAt },
    status: moved === null ? 'approved' : 'applied',
    ...{ approvedBy: null, moves: null, stale: null, moved, rejected: null },
  };
};
