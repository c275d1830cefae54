import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { OpenRequestsQuery } from '@tallystick/accounts/signed';
import { printable, printableRule } from '@tallystick/contracts';
import { batchStatuses, type BalanceBatch } from './balance-batch.js';
import { pageFigures, systemName } from './balance-form.js';

/** All of them are in one event: 5,000,000 balances, of which each is on a page of 1,000. */
const pagesMax = 5_000;

const name = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(printable, printableRule)
  .describe('What people call it: the file. Once for its system');

const totalOf = (pages: readonly { readonly points: number; readonly spend: number }[]) => ({
  points: pages.reduce((sum, { points }) => sum + BigInt(points), 0n),
  spend: pages.reduce((sum, { spend }) => sum + BigInt(spend), 0n),
});

export class BalanceBatchForm extends createZodDto(
  z
    .strictObject({
      program: z.string().trim().min(1).max(100).regex(printable, printableRule),
      system: systemName,
      name,
      pages: z
        .array(pageFigures)
        .min(1)
        .max(pagesMax)
        .describe('What POST /v1/opening-balances/pages answered for each, in order'),
    })
    .superRefine(({ pages }, context) => {
      const { points, spend } = totalOf(pages);
      if (points > Number.MAX_SAFE_INTEGER || spend > Number.MAX_SAFE_INTEGER)
        context.addIssue({
          code: 'custom',
          path: ['pages'],
          message: 'are of more than 2^53 - 1 in all: propose them in parts',
        });
    }),
) {}

/** A page of those that are open; with system and name: that one, whatever its status. */
export class BatchesQuery extends createZodDto(
  OpenRequestsQuery.schema
    .extend({ system: systemName.optional(), name: name.optional() })
    .refine(({ system, name: called }) => (system === undefined) === (called === undefined), {
      path: ['name'],
      error: 'system and name are given together',
    }),
) {}

export class BalanceBatchBody extends createZodDto(
  z.strictObject({
    batch: z.string(),
    program: z.string(),
    system: z.string(),
    name: z.string(),
    hash: z.string().describe('SHA-256 of all of it: one file has one'),
    pages: z.int(),
    balances: z.int(),
    points: z.int(),
    spend: z.int().describe('That counts for tiers: minor units, of all years'),
    status: z
      .enum(batchStatuses)
      .describe('requested: open; approved: its pages may be posted; rejected: over'),
    requestedBy: z.string().describe("A token's subject"),
    requestedAt: z.string(),
    approvedBy: z.string().nullable(),
    rejected: z.strictObject({ by: z.string(), reason: z.string() }).nullable(),
    position: z.string().optional(),
  }),
) {}

export class BalanceBatchList extends createZodDto(
  z.strictObject({ batches: z.array(BalanceBatchBody.schema), next: z.string().nullable() }),
) {}

export const bodyOf = (found: BalanceBatch): Omit<BalanceBatchBody, 'position'> => {
  const { asked, status, requestedAt, approvedBy, rejected } = found;
  const { batch, program, system, name: called, hash, pages, requestedBy } = asked;
  const { points, spend } = totalOf(pages);
  return {
    ...{ batch, program, system, name: called, hash, pages: pages.length },
    balances: pages.reduce((sum, { balances }) => sum + balances, 0),
    ...{ points: Number(points), spend: Number(spend) },
    ...{ status, requestedBy, requestedAt, approvedBy, rejected },
  };
};
