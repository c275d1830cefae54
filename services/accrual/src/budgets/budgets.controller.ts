import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { printable, printableRule } from '@tallystick/contracts';
import { programId, type Clock } from '@tallystick/kernel';
import { Allow, CallerParam, CLOCK, mayProgram, type Caller } from '@tallystick/service-host';
import { programUnknown } from '../corrections/problems.js';
import { Memory } from '../settle/memory.js';
import { budgetsNow } from './budgets-now.js';

class BudgetsQuery extends createZodDto(
  z.strictObject({
    sender: z
      .string()
      .min(1)
      .max(100)
      .regex(printable, printableRule)
      .optional()
      .describe('Whose part is told of a budget that each sender has'),
  }),
) {}

const amount = z.string().describe('An exact decimal in `unit`; money in major units');
class BudgetsBody extends createZodDto(
  z.strictObject({
    program: z.string(),
    version: z.int().describe('The version of the rulebook that says what they are'),
    day: z.string().describe('The day of the programme: budgets for a period are told for its own'),
    budgets: z.array(
      z.strictObject({
        id: z.string(),
        unit: z.string().describe('points, or the currency that it is counted in'),
        per: z.enum(['day', 'week', 'month', 'quarter', 'year']).nullable(),
        each: z.enum(['sender']).nullable(),
        part: z
          .string()
          .nullable()
          .describe('The part that is told; null: each sender has one, and none was named'),
        limit: amount,
        used: amount.nullable(),
        left: amount.nullable(),
        points: z.int().nullable().describe('How many points it still pays for'),
      }),
    ),
  }),
) {}

@ApiTags('programmes')
@Controller('/v1/programs')
export class BudgetsController {
  constructor(
    @Inject(Memory) private readonly memory: Memory,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get('/:program/budgets')
  @Allow('manager', 'auditor')
  @ApiOperation({
    summary: "What is left of the campaigns' budgets",
    description:
      'By the version in force, as the store has counted them at this moment: what somebody else is given meanwhile is gone.',
  })
  @ApiOkResponse({ type: BudgetsBody.Output })
  @ApiResponse({ status: 404, description: 'program-unknown' })
  async read(
    @Param('program') named: string,
    @Query() { sender }: BudgetsQuery,
    @CallerParam() caller: Caller,
  ): Promise<z.input<typeof BudgetsBody.schema>> {
    mayProgram(caller, named);
    const program = await this.memory.catalog.read(programId(named));
    if (program === null) throw programUnknown(named);
    const now = await budgetsNow(this.memory, program, this.clock(), sender ?? null);
    return { program: named, ...now, budgets: [...now.budgets] };
  }
}
