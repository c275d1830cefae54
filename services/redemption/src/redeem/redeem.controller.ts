import { Body, Controller, Inject, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { Points } from '@tallystick/kernel';
import {
  Allow,
  answer,
  type Answer,
  CallerParam,
  CARD_TOKENS,
  ContextParam,
  IdempotencyKeyParam,
  type Caller,
  type CardTokens,
  type RequestContext,
} from '@tallystick/service-host';
import { MEANS } from '../accounts/providers.js';
import { findAccount } from '../accounts/which-account.js';
import {
  availableAfter,
  kind,
  position,
  program,
  reference,
  whichAccount,
  wholePoints,
} from '../fields.js';
import type { Means } from '../orders/order.js';
import { insufficient, problemOf } from '../problems.js';
import { redeem } from './redeem.js';

class RedeemRequest extends createZodDto(
  z.strictObject({ program, ...whichAccount, points: wholePoints, kind, reference }),
) {}
class RedeemedBody extends createZodDto(
  z.strictObject({
    redemption: z.string(),
    program: z.string(),
    account: z.string(),
    points: z.int(),
    available: availableAfter,
    position,
  }),
) {}

@ApiTags('redemptions')
@Controller('/v1/redemptions')
export class RedeemController {
  constructor(
    @Inject(MEANS) private readonly means: Means,
    @Inject(CARD_TOKENS) private readonly tokens: CardTokens,
  ) {}

  @Post()
  @Allow('store', 'manager', 'member')
  @ApiOperation({
    summary: 'Spends points, once for each Idempotency-Key',
    description:
      'Never more than are available, whoever else spends at the same moment. A card leads to the account that its own one has become part of; an account that is named itself does not.',
  })
  @ApiResponse({ status: 201, type: RedeemedBody.Output })
  @ApiResponse({ status: 404, description: 'account-unknown' })
  @ApiResponse({ status: 409, description: 'insufficient-points, account-merged' })
  @ApiResponse({ status: 422, description: 'idempotency-key-reused' })
  async redeem(
    @Body() body: RedeemRequest,
    @IdempotencyKeyParam() key: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ): Promise<Answer<unknown>> {
    const { means, tokens } = this;
    const { heard, clock } = means;
    const named = await findAccount({ heard, tokens }, body, caller, clock());
    const request = {
      program: named.program,
      points: Points.points(body.points),
      kind: body.kind,
      reference: body.reference,
    };
    const outcome = await redeem(means, caller.subject, key, request, named, context);
    if (outcome.kind === 'insufficient') throw insufficient(request.points, outcome.available);
    if (outcome.kind !== 'done') throw problemOf(outcome);
    const at = String(outcome.position);
    return answer({ ...outcome.done, position: at }, { position: at });
  }
}
