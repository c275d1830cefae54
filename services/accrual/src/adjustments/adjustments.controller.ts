import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { Accounts } from '@tallystick/accounts';
import {
  type Named,
  OpenRequestsQuery,
  RejectionBody,
  openRequests,
} from '@tallystick/accounts/signed';
import type { EventStore } from '@tallystick/event-store';
import { accountId, programId, type Clock } from '@tallystick/kernel';
import {
  Allow,
  answer,
  CallerParam,
  CLOCK,
  ContextParam,
  EVENT_STORE,
  IdempotencyKeyParam,
  mayProgram,
  type Caller,
  type RequestContext,
} from '@tallystick/service-host';
import { accountMerged, accountUnknown, keyReused } from '../corrections/problems.js';
import { acting } from '../programs/acting.js';
import { Catalog } from '../programs/catalog.js';
import { adjustmentStreams, type Adjustment } from './adjustment.js';
import {
  AdjustmentBody,
  AdjustmentList,
  AdjustmentRequestBody,
  bodyOf,
  changeOf,
} from './adjustment-form.js';
import { AdjustmentsView } from './adjustments-view.js';
import {
  approveAdjustment,
  rejectAdjustment,
  type NotOpen,
  type Refusal,
} from './close-adjustment.js';
import { adjustmentInvalid, adjustmentUnknown, notClosed } from './problems.js';
import { requestAdjustment } from './request-adjustment.js';

/** Corrections of points and arrears by two people: one asks, another approves. */
@ApiTags('adjustments')
@Controller('/v1/adjustments')
export class AdjustmentsController {
  constructor(
    @Inject(EVENT_STORE) readonly store: EventStore,
    @Inject(CLOCK) readonly clock: Clock,
    @Inject(Accounts) readonly accounts: Accounts,
    @Inject(Catalog) readonly catalog: Catalog,
    @Inject(AdjustmentsView) readonly view: AdjustmentsView,
  ) {}

  @Post()
  @HttpCode(202)
  @Allow('manager')
  @ApiOperation({
    summary: 'Asks for a correction; nothing happens before another manager approves it',
  })
  @ApiAcceptedResponse({ type: AdjustmentBody })
  @ApiResponse({ status: 404, description: 'account-unknown' })
  @ApiResponse({ status: 409, description: 'account-merged' })
  @ApiResponse({ status: 422, description: 'adjustment-invalid, idempotency-key-reused' })
  async request(
    @Body() body: AdjustmentRequestBody,
    @IdempotencyKeyParam() key: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const { program, by: subject, metadata } = acting(this.clock, body.program, caller, context);
    const account = accountId(body.account);
    const result = await requestAdjustment(
      this,
      { subject, key },
      { program, account, change: changeOf(body.change), reason: body.reason },
      metadata,
    );
    switch (result.kind) {
      case 'requested':
        // As it was answered the first time, whatever has become of it since: to read that, there is GET.
        return told({
          ...{ ...result.found, newestPosition: result.found.position },
          ...{ status: 'requested', approvedBy: null, applied: null, rejected: null },
        });
      case 'unopened':
        throw accountUnknown(account);
      case 'merged':
        throw accountMerged(account, result.into);
      case 'key-reused':
        throw keyReused();
      case 'expired':
      case 'other-currency':
      case 'beyond-limit':
        throw adjustmentInvalid(result);
    }
  }

  @Get()
  @Allow('manager', 'auditor')
  @ApiOperation({ summary: 'The open requests of a programme, the oldest first' })
  @ApiOkResponse({ type: AdjustmentList })
  async list(@Query() query: OpenRequestsQuery, @CallerParam() caller: Caller) {
    mayProgram(caller, query.program);
    const { found, next } = await openRequests(this.view, query, (named) =>
      adjustmentStreams.read(this.store, named),
    );
    return { adjustments: found.map(bodyOf), next };
  }

  @Get('/:program/:adjustment')
  @Allow('manager', 'auditor')
  @ApiOperation({ summary: 'A request, and what has become of it' })
  @ApiOkResponse({ type: AdjustmentBody })
  @ApiResponse({ status: 404, description: 'adjustment-unknown' })
  async find(
    @Param('program') program: string,
    @Param('adjustment') id: string,
    @CallerParam() caller: Caller,
  ) {
    mayProgram(caller, program);
    const found = await adjustmentStreams.read(this.store, { program: programId(program), id });
    if (found === null) throw adjustmentUnknown();
    return bodyOf(found);
  }

  @Post('/:program/:adjustment/approvals')
  @Allow('manager')
  @ApiOperation({
    summary: 'Approves a request of another person: it happens now',
    description:
      'Needs no Idempotency-Key: a request is approved once, and the same person again gets the same answer. Where the account does not have what is to be changed, nothing happens and the request stays open.',
  })
  @ApiCreatedResponse({ type: AdjustmentBody })
  @ApiResponse({ status: 403, description: 'forbidden, same-person' })
  @ApiResponse({ status: 404, description: 'adjustment-unknown' })
  @ApiResponse({
    status: 409,
    description:
      'adjustment-closed, insufficient-points, exceeds-arrears, adjustment-expired, other-currency, beyond-limit, account-merged',
  })
  async approve(
    @Param('program') program: string,
    @Param('adjustment') id: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const { metadata, ...who } = acting(this.clock, program, caller, context);
    const result = await approveAdjustment(this, { ...who, id }, metadata);
    if (result.kind !== 'done') throw await this.refused(result, { ...who, id });
    return told(result.found);
  }

  @Post('/:program/:adjustment/rejections')
  @Allow('manager')
  @ApiOperation({ summary: 'Ends a request; who asked for it may take it back this way' })
  @ApiCreatedResponse({ type: AdjustmentBody })
  @ApiResponse({ status: 404, description: 'adjustment-unknown' })
  @ApiResponse({ status: 409, description: 'adjustment-closed' })
  async reject(
    @Param('program') program: string,
    @Param('adjustment') id: string,
    @Body() { reason }: RejectionBody,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const { metadata, ...who } = acting(this.clock, program, caller, context);
    const result = await rejectAdjustment(this, { ...who, id }, reason, metadata);
    if (result.kind !== 'done') throw await this.refused(result, { ...who, id });
    return told(result.found);
  }

  private async refused(refusal: Refusal | NotOpen, named: Named) {
    const found = await adjustmentStreams.read(this.store, named);
    return found === null ? adjustmentUnknown() : notClosed(refusal, found.asked.account);
  }
}

const told = (adjustment: Adjustment) => {
  const position = String(adjustment.newestPosition);
  return answer({ ...bodyOf(adjustment), position }, { position });
};
