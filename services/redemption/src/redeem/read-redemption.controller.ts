import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { programId } from '@tallystick/kernel';
import { Allow, CallerParam, mayProgram, type Caller } from '@tallystick/service-host';
import { MEANS } from '../accounts/providers.js';
import { isTheirs } from '../accounts/which-account.js';
import { time } from '../fields.js';
import type { Means } from '../orders/order.js';
import { redemptionUnknown } from '../problems.js';
import { readRedemption } from './read-redemption.js';

class RedemptionBody extends createZodDto(
  z.strictObject({
    redemption: z.string(),
    program: z.string(),
    account: z.string().describe('The account that it is on: it goes with a merge'),
    status: z.enum(['redeemed', 'refunded']),
    kind: z.string(),
    reference: z.string().nullable().describe('Null for what was captured: its hold has it'),
    points: z.int(),
    redeemedAt: time,
    hold: z.string().nullable().describe('The hold that it was captured of'),
    refund: z.strictObject({ at: time, reason: z.string() }).nullable(),
  }),
) {}

@ApiTags('redemptions')
@Controller('/v1/redemptions')
export class ReadRedemptionController {
  constructor(@Inject(MEANS) private readonly means: Means) {}

  @Get('/:program/:redemption')
  @Allow('store', 'manager', 'member')
  @ApiOperation({
    summary: 'What became of a redemption',
    description: 'A member sees those of its own account only.',
  })
  @ApiResponse({ status: 200, type: RedemptionBody.Output })
  @ApiResponse({ status: 404, description: 'redemption-unknown' })
  async read(
    @Param('program') program: string,
    @Param('redemption') redemption: string,
    @CallerParam() caller: Caller,
  ): Promise<z.input<typeof RedemptionBody.schema>> {
    mayProgram(caller, program);
    const { accounts: all } = this.means;
    const known = await readRedemption(this.means, programId(program), redemption);
    if (known === null || !(await isTheirs(all, programId(program), caller, known.accounts)))
      throw redemptionUnknown();
    const { accounts, ...told } = known;
    return { ...told, account: accounts[0] };
  }
}
