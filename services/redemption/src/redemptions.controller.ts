import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { printable, printableRule } from '@tallystick/contracts';
import type { EventStore } from '@tallystick/event-store';
import { Points, programId, type Clock } from '@tallystick/kernel';
import { valuation } from '@tallystick/ledger';
import {
  Allow,
  answer,
  CallerParam,
  CARD_TOKENS,
  CLOCK,
  ContextParam,
  EVENT_STORE,
  IdempotencyKeyParam,
  mayProgram,
  problem,
  type Caller,
  type CardTokens,
  type RequestContext,
} from '@tallystick/service-host';
import { Heard } from './accounts/heard.js';
import { InTurn } from './accounts/in-turn.js';
import { loadAccount } from './accounts/ledger.js';
import {
  accountMerged,
  accountUnknown,
  findAccount,
  whichAccount,
} from './accounts/which-account.js';
import { worthOf } from './quote/quote.js';
import { redeem } from './redeem/redeem.js';
import { refund } from './refund/refund.js';

const wholePoints = z.int().min(1).max(Number.MAX_SAFE_INTEGER);

class QuoteRequest extends createZodDto(
  z.strictObject({
    ...whichAccount,
    points: wholePoints.optional().describe('Default: all that are available'),
  }),
) {}
class Quote extends createZodDto(
  z.strictObject({
    program: z.string(),
    account: z.string(),
    available: z.int(),
    pending: z.int(),
    arrears: z.int(),
    points: z.int().describe('How many of the wanted points could be spent now'),
    value: z
      .strictObject({ amount: z.string().describe('Major units'), currency: z.string() })
      .nullable(),
  }),
) {}
class RedeemRequest extends createZodDto(
  z.strictObject({
    ...whichAccount,
    points: wholePoints,
    kind: z
      .string()
      .regex(/^[a-z0-9][a-z0-9:._-]{0,99}$/)
      .default('discount')
      .describe('What they are spent on: discount, reward:<id>'),
    reference: z
      .string()
      .min(1)
      .max(200)
      .regex(printable, printableRule)
      .describe("The till's or the shop's own reference"),
  }),
) {}
class RedeemedBody extends createZodDto(
  z.strictObject({
    redemption: z.string(),
    program: z.string(),
    account: z.string(),
    points: z.int(),
    available: z.int().describe('What was available right after it'),
    position: z.string(),
  }),
) {}
class RefundRequest extends createZodDto(
  z.strictObject({ reason: z.string().min(1).max(200).regex(printable, printableRule) }),
) {}
class RefundedBody extends createZodDto(
  z.strictObject({
    redemption: z.string(),
    program: z.string(),
    account: z.string(),
    points: z.int(),
    arrearsPaid: z.int().describe('What of them paid what the account owed'),
    available: z.int(),
    position: z.string(),
  }),
) {}

const keyReused = () =>
  problem({
    status: 422,
    type: 'idempotency-key-reused',
    title: 'This Idempotency-Key was used for another request',
    detail: 'A new request needs a new key; the same request may be sent again with the same key.',
  });

const actorOf = ({ actor, correlationId, traceparent }: RequestContext) => ({
  actor,
  correlationId,
  traceparent,
});

@ApiTags('redemptions')
@Controller('/v1/redemptions')
export class RedemptionsController {
  constructor(
    @Inject(EVENT_STORE) readonly store: EventStore,
    @Inject(CLOCK) readonly clock: Clock,
    @Inject(CARD_TOKENS) readonly tokens: CardTokens,
    @Inject(Heard) readonly heard: Heard,
    @Inject(InTurn) readonly turns: InTurn,
  ) {}

  @Post('/quote')
  @HttpCode(200)
  @Allow('store', 'manager', 'member')
  @ApiOperation({ summary: 'What points could pay now. Promises nothing: the redemption decides' })
  @ApiOkResponse({ type: Quote })
  async quote(@Body() body: QuoteRequest, @CallerParam() caller: Caller) {
    const at = this.clock();
    const { program, account } = await findAccount(this, body, caller, at);
    const { state } = await loadAccount(this.store, program, account);
    if (state.opened === null) throw accountUnknown('The programme has no such account.');
    if (state.merged !== null) throw accountMerged(state.merged.into);
    const { available, pending, arrears } = valuation(state, at);
    const points = Points.least(available, Points.points(body.points ?? available));
    const terms = await this.heard.termsAt(program, at);
    return { program, account, available, pending, arrears, points, value: worthOf(points, terms) };
  }

  @Post()
  @Allow('store', 'manager', 'member')
  @ApiOperation({ summary: 'Spends points, once for each Idempotency-Key' })
  @ApiCreatedResponse({ type: RedeemedBody })
  async redeem(
    @Body() body: RedeemRequest,
    @IdempotencyKeyParam() key: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const { program, account } = await findAccount(this, body, caller, this.clock());
    const { kind, reference } = body;
    const points = Points.points(body.points);
    const result = await redeem(
      this,
      caller.subject,
      key,
      { program, account, points, kind, reference },
      actorOf(context),
    );
    switch (result.kind) {
      case 'redeemed': {
        const position = String(result.position);
        return answer({ ...result.redeemed, position }, { position });
      }
      case 'insufficient':
        throw problem({
          status: 409,
          type: 'insufficient-points',
          title: 'There are not enough points',
          detail: `${points} were asked for, ${result.available} are available.`,
          extensions: { available: result.available },
        });
      case 'account-unknown':
        throw accountUnknown('The programme has no such account.');
      case 'merged':
        throw accountMerged(result.into);
      case 'key-reused':
        throw keyReused();
    }
  }

  @Post('/:program/:redemption/refunds')
  @Allow('store', 'manager')
  @ApiOperation({
    summary: 'Cancels a redemption: the same lots come back, with their own dates, once',
  })
  @ApiCreatedResponse({ type: RefundedBody })
  async refund(
    @Param('program') program: string,
    @Param('redemption') redemption: string,
    @Body() body: RefundRequest,
    @IdempotencyKeyParam() key: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    mayProgram(caller, program);
    const result = await refund(
      this,
      caller.subject,
      key,
      { program: programId(program), redemption, reason: body.reason },
      actorOf(context),
    );
    switch (result.kind) {
      case 'refunded': {
        const position = String(result.position);
        return answer({ ...result.refunded, position }, { position });
      }
      case 'redemption-unknown':
        throw problem({
          status: 404,
          type: 'redemption-unknown',
          title: 'There is no such redemption',
        });
      case 'merged':
        throw accountMerged(result.into);
      case 'already-refunded':
        throw problem({
          status: 409,
          type: 'already-refunded',
          title: 'This redemption was refunded before, under another key',
        });
      case 'key-reused':
        throw keyReused();
    }
  }
}
