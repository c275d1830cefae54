import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { Allow, CallerParam, mayProgram, type Caller } from '@tallystick/service-host';
import { position, program } from '../fields.js';
import { PARTS, type Parts } from '../parts.js';
import { fromViews, programUnknown } from '../problems.js';
import { outcomes, readReceiptsByOutcome } from './receipts-by-outcome.js';

const count = z.int().min(0);

class ReceiptsPath extends createZodDto(z.object({ program })) {}
class ReceiptsBody extends createZodDto(
  z.object({
    program: z.string(),
    total: count.describe('Every receipt that was taken, once'),
    outcomes: z
      .object({ awarded: count, nothing: count, waiting: count })
      .describe('Adds up to the total'),
    reasons: z
      .array(
        z.object({ outcome: z.enum(outcomes), reason: z.string().nullable(), receipts: count }),
      )
      .describe('Each outcome by its reason; null: it was awarded'),
    refusedDeliveries: z
      .object({
        total: count,
        reasons: z.array(z.object({ reason: z.string(), deliveries: count })),
      })
      .describe('Deliveries of other content under a known receipt; not among the total'),
    position,
  }),
) {}

@ApiTags('reports')
@Controller('/v1/reports')
export class ReceiptsByOutcomeController {
  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  @Get(':program/receipts')
  @Allow('manager', 'auditor', 'ops')
  @ApiOperation({
    summary: "The programme's receipts by outcome",
    description: 'Every receipt has exactly one outcome, of its newest revision.',
  })
  @ApiResponse({ status: 200, type: ReceiptsBody.Output })
  @ApiResponse({ status: 404, description: 'program-unknown' })
  async read(
    @Param() path: ReceiptsPath,
    @CallerParam() caller: Caller,
  ): Promise<z.input<typeof ReceiptsBody.schema>> {
    mayProgram(caller, path.program);
    const found = await fromViews(() => readReceiptsByOutcome(this.parts.db, path.program));
    if (found === null) throw programUnknown();
    const { refusedDeliveries } = found;
    return {
      program: path.program,
      ...found,
      reasons: [...found.reasons],
      refusedDeliveries: { ...refusedDeliveries, reasons: [...refusedDeliveries.reasons] },
      position: found.position.toString(),
    };
  }
}
