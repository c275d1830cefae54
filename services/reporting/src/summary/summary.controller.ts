import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { Allow, CallerParam, mayProgram, type Caller } from '@tallystick/service-host';
import { moment, position, program, sumOfPoints, time } from '../fields.js';
import { PARTS, type Parts } from '../parts.js';
import { fromViews, programUnknown } from '../problems.js';
import { readSummary } from './summary.js';

class SummaryPath extends createZodDto(z.object({ program })) {}
class SummaryQuery extends createZodDto(
  z.object({
    asOf: moment.optional().describe('Values what is outstanding at this moment; default: now'),
  }),
) {}
class SummaryBody extends createZodDto(
  z.object({
    program: z.string(),
    asOf: time,
    members: z.int(),
    accounts: z.int().describe('Accounts with a ledger'),
    earned: sumOfPoints,
    redeemed: sumOfPoints.describe('Before refunds'),
    refunded: sumOfPoints,
    reversed: sumOfPoints.describe('Taken back for returns and corrections'),
    opening: sumOfPoints.describe('Taken over from other systems'),
    adjustedUp: sumOfPoints.describe('Added by corrections, and arrears that are owed no more'),
    adjustedDown: sumOfPoints.describe('Taken by corrections'),
    expired: sumOfPoints.describe('Posted as expired'),
    inTransit: sumOfPoints.describe('Sent by transfers and merges, and not arrived yet'),
    outstanding: z.object({ pending: sumOfPoints, available: sumOfPoints, lapsed: sumOfPoints }),
    held: sumOfPoints.describe('Reserved for redemptions under way; not among what is outstanding'),
    arrears: sumOfPoints.describe('Owed by members'),
    position,
  }),
) {}

@ApiTags('reports')
@Controller('/v1/reports')
export class SummaryController {
  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  @Get(':program/summary')
  @Allow('manager', 'auditor', 'ops')
  @ApiOperation({
    summary: "The programme's figures in one look",
    description:
      'They add up: opening + earned + refunded + adjustedUp = redeemed + reversed + expired + adjustedDown + inTransit + outstanding + held - arrears.',
  })
  @ApiResponse({ status: 200, type: SummaryBody.Output })
  @ApiResponse({ status: 404, description: 'program-unknown' })
  async read(
    @Param() path: SummaryPath,
    @Query() query: SummaryQuery,
    @CallerParam() caller: Caller,
  ): Promise<z.input<typeof SummaryBody.schema>> {
    mayProgram(caller, path.program);
    const asOf = query.asOf ?? this.parts.clock();
    const found = await fromViews(() => readSummary(this.parts.db, path.program, asOf));
    if (found === null) throw programUnknown();
    return { program: path.program, asOf, ...found, position: found.position.toString() };
  }
}
