import { Body, Controller, Inject, Post, UseInterceptors } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { Points } from '@tallystick/kernel';
import {
  Allow,
  answer,
  type Answer,
  CallerParam,
  ContextParam,
  IdempotencyKeyParam,
  type Caller,
  type RequestContext,
} from '@tallystick/service-host';
import { AfterOpening } from '../accounts/after-opening.js';
import { CARDS, MEANS } from '../accounts/providers.js';
import { findAccount, type Cards } from '../accounts/which-account.js';
import {
  availableAfter,
  kind,
  position,
  program,
  reference,
  spendingProblems,
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
@UseInterceptors(AfterOpening)
export class RedeemController {
  constructor(
    @Inject(MEANS) private readonly means: Means,
    @Inject(CARDS) private readonly cards: Cards,
  ) {}

  @Post()
  @Allow('store', 'manager', 'member')
  @ApiOperation({
    summary: 'Spends points, once for each Idempotency-Key',
    description:
      'Never more than are available, whoever else spends at the same moment; on what the version of the rulebook in force has, at its price. A card leads to the account that its own one has become part of; an account that is named itself does not.',
  })
  @ApiResponse({ status: 201, type: RedeemedBody.Output })
  @ApiResponse({ status: 404, description: 'account-unknown' })
  @ApiResponse({ status: 409, description: spendingProblems })
  @ApiResponse({ status: 422, description: 'idempotency-key-reused' })
  async redeem(
    @Body() body: RedeemRequest,
    @IdempotencyKeyParam() key: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ): Promise<Answer<unknown>> {
    const { means, cards } = this;
    const named = await findAccount(cards, body, caller, means.clock());
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
