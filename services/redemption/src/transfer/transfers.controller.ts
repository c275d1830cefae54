import { Body, Controller, Get, Inject, Param, Post, UseInterceptors } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { Points, programId } from '@tallystick/kernel';
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
import { AfterOpening } from '../accounts/after-opening.js';
import { CARDS, MEANS } from '../accounts/providers.js';
import { findAccount, isTheirs, type Cards } from '../accounts/which-account.js';
import { position, program, reason, time, whichAccount, wholePoints } from '../fields.js';
import type { Means } from '../orders/order.js';
import { transferUnknown } from '../problems.js';
import { orderIdOf } from '../redeem/redemption-stream.js';
import { notSent } from './not-sent.js';
import { readTransfer } from './read-transfer.js';
import { transfer } from './transfer.js';

class TransferRequest extends createZodDto(
  z.strictObject({
    program,
    from: z.strictObject(whichAccount),
    to: z.strictObject(whichAccount),
    points: wholePoints,
    reason,
  }),
) {}
class TransferredBody extends createZodDto(
  z.strictObject({
    transfer: z.string(),
    program: z.string(),
    from: z.string(),
    to: z.string(),
    points: z.int(),
    available: z.int().describe('What was available to the sender right after it'),
    position,
  }),
) {}

class TransferBody extends createZodDto(
  z.strictObject({
    transfer: z.string(),
    program: z.string(),
    from: z.string(),
    to: z.string(),
    status: z.enum(['under-way', 'arrived']),
    points: z.int(),
    reason: z.string(),
    sentAt: time,
    arrivedAt: time.nullable(),
  }),
) {}

@ApiTags('transfers')
@Controller('/v1/transfers')
@UseInterceptors(AfterOpening)
export class TransfersController {
  constructor(
    @Inject(MEANS) private readonly means: Means,
    @Inject(CARDS) private readonly cards: Cards,
  ) {}

  @Post()
  @Allow('member')
  @ApiOperation({
    summary: 'A member sends points to another account, once for each Idempotency-Key',
    description:
      'They keep their dates and funders. A member sends from its own account only; points of others are sent by two people: /v1/transfer-requests. Points that have left arrive, whatever happens; where the receiver owes points, they pay by the policy of the programme.',
  })
  @ApiResponse({ status: 201, type: TransferredBody.Output })
  @ApiResponse({ status: 404, description: 'account-unknown' })
  @ApiResponse({
    status: 409,
    description: 'insufficient-points, same-account, account-merged, beyond-limit',
  })
  @ApiResponse({ status: 422, description: 'idempotency-key-reused' })
  async transfer(
    @Body() body: TransferRequest,
    @IdempotencyKeyParam() key: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ): Promise<Answer<unknown>> {
    const { means, cards } = this;
    const at = means.clock();
    const sender = { program: body.program, ...body.from };
    const from = await findAccount(cards, sender, caller, at, {
      // Points of others take two people.
      staff: [],
      field: 'from',
    });
    const receiver = { program: body.program, ...body.to };
    const to = await findAccount(cards, receiver, caller, at, { staff: 'anyone', field: 'to' });
    const { program: of } = from;
    const request = { program: of, points: Points.points(body.points), reason: body.reason };
    const between = { from, to };
    const id = orderIdOf('transfer', of, caller.subject, key);
    const outcome = await transfer(means, id, request, between, context);
    if (outcome.kind !== 'done') throw notSent(outcome, request.points);
    const end = String(outcome.position);
    return answer({ ...outcome.done, position: end }, { position: end });
  }

  @Get('/:program/:transfer')
  @Allow('member', 'manager')
  @ApiOperation({
    summary: 'What became of a transfer',
    description: 'A member sees those from and to its own account only.',
  })
  @ApiResponse({ status: 200, type: TransferBody.Output })
  @ApiResponse({ status: 404, description: 'transfer-unknown' })
  async read(
    @Param('program') of: string,
    @Param('transfer') id: string,
    @CallerParam() caller: Caller,
  ) {
    mayProgram(caller, of);
    const { accounts } = this.means;
    const program = programId(of);
    const known = await readTransfer(this.means, program, id);
    if (known === null || !(await isTheirs(accounts, program, caller, known.accounts, ['manager'])))
      throw transferUnknown();
    const { accounts: _accounts, ...told } = known;
    return told;
  }
}
