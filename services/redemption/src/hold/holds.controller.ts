import { Body, Controller, Get, Inject, Param, Post, Query, UseInterceptors } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { Points, accountId, programId } from '@tallystick/kernel';
import {
  Allow,
  answer,
  type Answer,
  CallerParam,
  ContextParam,
  hasRole,
  IdempotencyKeyParam,
  mayProgram,
  type Caller,
  type RequestContext,
} from '@tallystick/service-host';
import { AfterOpening } from '../accounts/after-opening.js';
import { CARDS, MEANS } from '../accounts/providers.js';
import { findAccount, isTheirs, type Cards } from '../accounts/which-account.js';
import * as fields from '../fields.js';
import type { Means } from '../orders/order.js';
import { exceedsHold, holdUnknown, insufficient, problemOf, rewardInPart } from '../problems.js';
import { capture } from './capture.js';
import { openHolds } from './open-holds.js';
import { placeHold } from './place-hold.js';
import { readHold, type HoldStory } from './read-hold.js';
import { release } from './release.js';

const lapsesInSecondsDefault = 900;
const lapsesInSecondsMax = 30 * 86_400;

const { program, whichAccount, wholePoints, kind, reference, availableAfter, position } = fields;
const lapsesAt = z.string().describe('RFC 3339, UTC: from then on it cannot be captured any more');

class HoldRequest extends createZodDto(
  z.strictObject({
    program,
    ...whichAccount,
    points: wholePoints,
    kind,
    reference,
    lapsesInSeconds: z.int().min(1).max(lapsesInSecondsMax).default(lapsesInSecondsDefault),
  }),
) {}
class HeldBody extends createZodDto(
  z.strictObject({
    hold: z.string(),
    program: z.string(),
    account: z.string(),
    points: z.int(),
    lapsesAt,
    available: availableAfter,
    position,
  }),
) {}
class HoldBody extends createZodDto(
  z.strictObject({
    hold: z.string(),
    program: z.string(),
    account: z.string().describe('The account that has it: it goes with a merge'),
    status: z.enum(['open', 'captured', 'released', 'lapsed']),
    kind: z.string(),
    reference: z.string(),
    points: z.int().describe('What was reserved'),
    left: z.int().describe('What still is'),
    lapsesAt,
    redemptions: z
      .array(z.strictObject({ redemption: z.string(), points: z.int() }))
      .describe('What was captured of it; each can be refunded'),
  }),
) {}
class OpenHoldsQuery extends createZodDto(z.strictObject({ account: fields.accountName })) {}
class OpenHoldsBody extends createZodDto(
  z.strictObject({
    program: z.string(),
    account: z.string(),
    holds: z.array(
      z.strictObject({
        ...{ hold: z.string(), kind: z.string(), reference: z.string() },
        ...{ points: z.int(), left: z.int(), lapsesAt },
      }),
    ),
  }),
) {}
class CaptureRequest extends createZodDto(
  z.strictObject({
    points: wholePoints.optional().describe('Default: all that the hold still reserves'),
    last: z.boolean().default(true).describe('Whether what is left is released'),
  }),
) {}
class CapturedBody extends createZodDto(
  z.strictObject({
    redemption: z.string().describe('From now on it is a redemption, and is refunded as one'),
    hold: z.string(),
    program: z.string(),
    account: z.string(),
    points: z.int(),
    released: z.int().describe('What was left of the hold and went back'),
    available: availableAfter,
    position,
  }),
) {}
class ReleasedBody extends createZodDto(
  z.strictObject({
    hold: z.string(),
    program: z.string(),
    account: z.string(),
    points: z.int().describe('What went back'),
    arrearsPaid: z.int().describe('What of them paid what the account owed'),
    available: availableAfter,
    position,
  }),
) {}

@ApiTags('holds')
@Controller('/v1/holds')
@UseInterceptors(AfterOpening)
export class HoldsController {
  constructor(
    @Inject(MEANS) private readonly means: Means,
    @Inject(CARDS) private readonly cards: Cards,
  ) {}

  @Post()
  @Allow('store', 'manager', 'member')
  @ApiOperation({
    summary: 'Reserves points for a redemption under way, once for each Idempotency-Key',
    description:
      'Nobody else can spend them until they are captured or released, or until the hold lapses. What they may be for, and its price, is checked here, not when they are captured.',
  })
  @ApiResponse({ status: 201, type: HeldBody.Output })
  @ApiResponse({ status: 404, description: 'account-unknown' })
  @ApiResponse({ status: 409, description: fields.spendingProblems })
  @ApiResponse({ status: 422, description: 'idempotency-key-reused' })
  async place(
    @Body() body: HoldRequest,
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
      lapsesInSeconds: body.lapsesInSeconds,
    };
    const outcome = await placeHold(means, caller.subject, key, request, named, context);
    if (outcome.kind === 'insufficient') throw insufficient(request.points, outcome.available);
    if (outcome.kind !== 'done') throw problemOf(outcome);
    const at = String(outcome.position);
    return answer({ ...outcome.done, position: at }, { position: at });
  }

  @Get('/:program')
  @Allow('store', 'manager', 'member')
  @ApiOperation({ summary: 'The open holds of an account, soonest to lapse first' })
  @ApiResponse({ status: 200, type: OpenHoldsBody.Output })
  @ApiResponse({ status: 404, description: 'account-unknown' })
  @ApiResponse({ status: 409, description: 'account-merged' })
  async list(
    @Param('program') program: string,
    @Query() { account }: OpenHoldsQuery,
    @CallerParam() caller: Caller,
  ) {
    const { means, cards } = this;
    const named = { program, account };
    const found = await findAccount(cards, named, caller, means.clock());
    const open = await openHolds(means, found.program, accountId(account));
    if (open.kind !== 'open') throw problemOf(open);
    return { program, account, holds: open.holds };
  }

  @Get('/:program/:hold')
  @Allow('store', 'manager', 'member')
  @ApiOperation({ summary: 'What became of a hold' })
  @ApiResponse({ status: 200, type: HoldBody.Output })
  @ApiResponse({ status: 404, description: 'hold-unknown' })
  async read(
    @Param('program') program: string,
    @Param('hold') hold: string,
    @CallerParam() caller: Caller,
  ) {
    mayProgram(caller, program);
    const { accounts, ...told } = await this.theirs(caller, program, hold);
    return { ...told, account: accounts[0] };
  }

  @Post('/:program/:hold/captures')
  @Allow('store', 'manager')
  @ApiOperation({
    summary: 'Spends what a hold reserves, whole or in part, once for each Idempotency-Key',
    description:
      'Points that have expired since they were reserved are spent all the same. The price of a reward is captured whole. Where the account became part of another, that one has the hold.',
  })
  @ApiResponse({ status: 201, type: CapturedBody.Output })
  @ApiResponse({ status: 404, description: 'hold-unknown' })
  @ApiResponse({
    status: 409,
    description: 'hold-lapsed, hold-closed, exceeds-hold, reward-in-part',
  })
  @ApiResponse({ status: 422, description: 'idempotency-key-reused' })
  async capture(
    @Param('program') program: string,
    @Param('hold') hold: string,
    @Body() body: CaptureRequest,
    @IdempotencyKeyParam() key: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ): Promise<Answer<unknown>> {
    mayProgram(caller, program);
    const points = body.points === undefined ? null : Points.points(body.points);
    const request = { program: programId(program), hold, points, last: body.last };
    const outcome = await capture(this.means, caller.subject, key, request, context);
    if (outcome.kind === 'exceeds-hold') throw exceedsHold(outcome.held);
    if (outcome.kind === 'reward-in-part') throw rewardInPart(outcome.price);
    if (outcome.kind !== 'done') throw problemOf(outcome);
    const at = String(outcome.position);
    return answer({ ...outcome.done, position: at }, { position: at });
  }

  @Post('/:program/:hold/releases')
  @Allow('store', 'manager', 'member')
  @ApiOperation({
    summary: 'Gives back what a hold still reserves, once',
    description: 'A member releases holds of its own account only.',
  })
  @ApiResponse({ status: 201, type: ReleasedBody.Output })
  @ApiResponse({ status: 404, description: 'hold-unknown' })
  @ApiResponse({ status: 409, description: 'hold-lapsed, hold-closed' })
  @ApiResponse({ status: 422, description: 'idempotency-key-reused' })
  async release(
    @Param('program') program: string,
    @Param('hold') hold: string,
    @IdempotencyKeyParam() key: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ): Promise<Answer<unknown>> {
    mayProgram(caller, program);
    if (!hasRole(caller, 'store', 'manager')) await this.theirs(caller, program, hold);
    const request = { program: programId(program), hold };
    const outcome = await release(this.means, caller.subject, key, request, context);
    if (outcome.kind !== 'done') throw problemOf(outcome);
    const at = String(outcome.position);
    return answer({ ...outcome.done, position: at }, { position: at });
  }

  /** A hold that the caller may see: staff any, a member one of its own account. To others it is unknown. */
  private async theirs(caller: Caller, program: string, hold: string): Promise<HoldStory> {
    const { accounts } = this.means;
    const known = await readHold(this.means, programId(program), hold);
    if (known === null || !(await isTheirs(accounts, programId(program), caller, known.accounts)))
      throw holdUnknown();
    return known;
  }
}
