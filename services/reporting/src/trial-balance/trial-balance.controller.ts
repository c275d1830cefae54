import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import type { ProgramId } from '@tallystick/kernel';
import { Allow, CallerParam, mayProgram, type Caller } from '@tallystick/service-host';
import { exactSum, position, program, sumOfPoints } from '../fields.js';
import { PARTS, type Parts } from '../parts.js';
import { isProgramKnown } from '../program-views/known.js';
import { fromViews, positionAhead, programUnknown, trialBalanceRunning } from '../problems.js';
import { trialBalanceAsOf } from './as-of-position.js';
import { presentTrialBalance } from './present.js';
import { differencesNamedMax, type MemberFigures, type TrialBalance } from './trial-balance.js';

const figures = z.object({
  unspent: sumOfPoints,
  held: sumOfPoints,
  arrears: sumOfPoints.describe('Owed by members'),
});

class TrialBalancePath extends createZodDto(z.object({ program })) {}
class TrialBalanceQuery extends createZodDto(
  z.strictObject({
    position: z
      .string()
      .regex(/^\d{1,18}$/, 'must be a whole number')
      .transform(BigInt)
      .optional()
      .describe(
        'As of this place in the event store, whose whole ledger is read for it; default: as of now',
      ),
  }),
) {}
class TrialBalanceBody extends createZodDto(
  z.object({
    program: z.string(),
    accounts: z
      .array(z.object({ account: z.string(), points: sumOfPoints }))
      .describe('Posting accounts with their sums; those of all members together'),
    sum: sumOfPoints.describe('Of all postings: zero, or something is wrong'),
    foldedAccounts: figures.describe("The members' accounts, as folded from their events"),
    postedAccounts: figures.describe('The same from the postings'),
    balanced: z.boolean().describe('The sum is zero, and fold and postings agree on each account'),
    differenceCount: z.int(),
    differences: z
      .array(
        z.object({
          account: z.string(),
          figure: z.enum(['unspent', 'held', 'arrears', 'lots']),
          posted: sumOfPoints.describe('From the postings; for `lots`: what the lots still hold'),
          folded: sumOfPoints.describe('From the fold; for `lots`: unspent'),
        }),
      )
      .describe(`Where they differ; the first ${differencesNamedMax}`),
    position,
  }),
) {}

@ApiTags('reports')
@Controller('/v1/reports')
export class TrialBalanceController {
  /** Whether one is being made from the store: that reads the whole ledger. */
  private reading = false;

  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  @Get(':program/trial-balance')
  @Allow('manager', 'auditor', 'ops')
  @ApiOperation({
    summary: "The programme's trial balance",
    description:
      'Sums the postings of every event, and compares them account by account with what the events fold to. As of a position it is made from the store alone, without the views; one at a time.',
  })
  @ApiResponse({ status: 200, type: TrialBalanceBody.Output })
  @ApiResponse({ status: 404, description: 'program-unknown' })
  @ApiResponse({ status: 409, description: 'trial-balance-running' })
  @ApiResponse({ status: 422, description: 'position-ahead' })
  async read(
    @Param() path: TrialBalancePath,
    @Query() query: TrialBalanceQuery,
    @CallerParam() caller: Caller,
  ): Promise<z.input<typeof TrialBalanceBody.schema>> {
    mayProgram(caller, path.program);
    const { db } = this.parts;
    const found =
      query.position === undefined
        ? await fromViews(() => presentTrialBalance(db, path.program))
        : await this.asOf(path.program, query.position);
    if (found === null) throw programUnknown();
    return { program: path.program, ...written(found) };
  }

  private async asOf(of: ProgramId, at: bigint): Promise<TrialBalance | null> {
    const { db, store } = this.parts;
    if (!(await fromViews(() => isProgramKnown(db, of)))) return null;
    if (at > (await store.head())) throw positionAhead();
    if (this.reading) throw trialBalanceRunning();
    this.reading = true;
    try {
      return await trialBalanceAsOf(store, of, at);
    } finally {
      this.reading = false;
    }
  }
}

const writtenFigures = ({ unspent, held, arrears }: MemberFigures) => ({
  unspent: exactSum(unspent),
  held: exactSum(held),
  arrears: exactSum(arrears),
});

const written = (found: TrialBalance) => ({
  ...found,
  accounts: found.accounts.map(({ account, points }) => ({ account, points: exactSum(points) })),
  sum: exactSum(found.sum),
  foldedAccounts: writtenFigures(found.foldedAccounts),
  postedAccounts: writtenFigures(found.postedAccounts),
  differences: found.differences.map((difference) => ({
    ...difference,
    posted: exactSum(difference.posted),
    folded: exactSum(difference.folded),
  })),
  position: found.position.toString(),
});
