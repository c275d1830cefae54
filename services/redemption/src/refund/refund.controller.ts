import { Body, Controller, Inject, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { programId } from '@tallystick/kernel';
import {
  Allow,
  answer,
  type Answer,
  CallerParam,
  ContextParam,
  IdempotencyKeyParam,
  mayProgram,
  type Caller,
  type RequestContext,
} from '@tallystick/service-host';
import { MEANS } from '../accounts/providers.js';
import { availableAfter, position, reason } from '../fields.js';
import type { Means } from '../orders/order.js';
import {
  alreadyRefunded,
  beyondLimit,
  keyReused,
  redemptionTooOld,
  redemptionUnknown,
} from '../problems.js';
import { refund } from './refund.js';

class RefundRequest extends createZodDto(z.strictObject({ reason })) {}
class RefundedBody extends createZodDto(
  z.strictObject({
    redemption: z.string(),
    program: z.string(),
    account: z.string().describe('Where the points came back'),
    points: z.int(),
    arrearsPaid: z.int().describe('What of them paid what the account owed'),
    available: availableAfter,
    position,
  }),
) {}

@ApiTags('redemptions')
@Controller('/v1/redemptions')
export class RefundController {
  constructor(@Inject(MEANS) private readonly means: Means) {}

  @Post('/:program/:redemption/refunds')
  @Allow('store', 'manager')
  @ApiOperation({
    summary: 'Cancels a redemption: the same lots come back, with their own dates, once',
    description:
      "What was captured of a hold is refunded likewise. Lots that have expired meanwhile come back for the programme's grace; what the account owes is paid from them by its policy. Where the account became part of another, they come back there.",
  })
  @ApiResponse({ status: 201, type: RefundedBody.Output })
  @ApiResponse({ status: 404, description: 'redemption-unknown' })
  @ApiResponse({ status: 409, description: 'already-refunded, redemption-too-old, beyond-limit' })
  @ApiResponse({ status: 422, description: 'idempotency-key-reused' })
  async refund(
    @Param('program') program: string,
    @Param('redemption') redemption: string,
    @Body() body: RefundRequest,
    @IdempotencyKeyParam() key: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ): Promise<Answer<unknown>> {
    mayProgram(caller, program);
    const request = { program: programId(program), redemption, reason: body.reason };
    const outcome = await refund(this.means, caller.subject, key, request, context);
    switch (outcome.kind) {
      case 'done': {
        const at = String(outcome.position);
        return answer({ ...outcome.done, position: at }, { position: at });
      }
      case 'redemption-unknown':
        throw redemptionUnknown();
      case 'already-refunded':
        throw alreadyRefunded();
      case 'redemption-too-old':
        throw redemptionTooOld();
      case 'beyond-limit':
        throw beyondLimit();
      case 'key-reused':
        throw keyReused();
    }
  }
}
