import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { Allow, CallerParam, mayProgram, type Caller } from '@tallystick/service-host';
import { points, position, program } from '../fields.js';
import { PARTS, type Parts } from '../parts.js';
import { fromViews, programUnknown } from '../problems.js';
import { differencesNamedMax, readTrialBalance } from './trial-balance.js';

const figures = z.object({
  unspent: points,
  held: points,
  arrears: points.describe('Owed by members'),
});

class TrialBalancePath extends createZodDto(z.object({ program })) {}
class TrialBalanceBody extends createZodDto(
  z.object({
    program: z.string(),
    accounts: z
      .array(z.object({ account: z.string(), points }))
      .describe('Posting accounts with their sums; those of all members together'),
    sum: points.describe('Of all postings: zero, or something is wrong'),
    foldedAccounts: figures.describe("The members' accounts, as folded from their events"),
    postedAccounts: figures.describe('The same from the postings'),
    balanced: z.boolean().describe('The sum is zero, and fold and postings agree on each account'),
    differenceCount: z.int(),
    differences: z
      .array(
        z.object({
          account: z.string(),
          figure: z.enum(['unspent', 'held', 'arrears', 'lots']),
          posted: points.describe('From the postings; for `lots`: what the lots still hold'),
          folded: points.describe('From the fold; for `lots`: unspent'),
        }),
      )
      .describe(`Where they differ; the first ${differencesNamedMax}`),
    position,
  }),
) {}

@ApiTags('reports')
@Controller('/v1/reports')
export class TrialBalanceController {
  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  @Get(':program/trial-balance')
  @Allow('manager', 'auditor', 'ops')
  @ApiOperation({
    summary: "The programme's trial balance",
    description:
      'Sums the postings of every event, and compares them account by account with what the events fold to.',
  })
  @ApiResponse({ status: 200, type: TrialBalanceBody.Output })
  @ApiResponse({ status: 404, description: 'program-unknown' })
  async read(
    @Param() path: TrialBalancePath,
    @CallerParam() caller: Caller,
  ): Promise<z.input<typeof TrialBalanceBody.schema>> {
    mayProgram(caller, path.program);
    const found = await fromViews(() => readTrialBalance(this.parts.db, path.program));
    if (found === null) throw programUnknown();
    return {
      program: path.program,
      ...found,
      accounts: [...found.accounts],
      differences: [...found.differences],
      position: found.position.toString(),
    };
  }
}
