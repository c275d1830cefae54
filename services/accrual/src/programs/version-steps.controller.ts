import { Body, Controller, Inject, Param, ParseIntPipe, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { EventStore } from '@tallystick/event-store';
import { programId, type Clock, type Instant } from '@tallystick/kernel';
import {
  Allow,
  CallerParam,
  CLOCK,
  ContextParam,
  EVENT_STORE,
  mayProgram,
  metadata,
  type Caller,
  type RequestContext,
} from '@tallystick/service-host';
import { changeVersion } from './change-version.js';
import {
  decideApproval,
  decideProposal,
  decideWithdrawal,
  type VersionDecision,
} from './decide-version.js';
import { MeantBody, said, VersionBody, WithdrawalBody } from './version-form.js';
import type { Versions } from './versions.js';

const again =
  'Needs no Idempotency-Key: the same again is answered with how the version stands, and changes nothing.';

/** From a draft to a version in force: one person proposes, another approves. */
@ApiTags('programmes')
@Controller('/v1/programs/:program/versions/:version')
export class VersionStepsController {
  constructor(
    @Inject(EVENT_STORE) readonly store: EventStore,
    @Inject(CLOCK) readonly clock: Clock,
  ) {}

  @Post('/proposals')
  @Allow('manager')
  @ApiOperation({
    summary: 'Proposes the draft: somebody else is to approve it',
    description: again,
  })
  @ApiCreatedResponse({ type: VersionBody })
  @ApiResponse({ status: 404, description: 'rulebook-version-unknown' })
  @ApiResponse({ status: 409, description: 'rulebook-version-taken, rulebook-changed' })
  @ApiResponse({ status: 422, description: 'rulebook-cannot-follow' })
  propose(
    @Param('program') program: string,
    @Param('version', ParseIntPipe) version: number,
    @Body() { hash }: MeantBody,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    return this.step({ program, version, caller, context }, (versions, now) =>
      decideProposal(versions, { version, hash }, caller.subject, now),
    );
  }

  @Post('/approvals')
  @Allow('manager')
  @ApiOperation({
    summary: 'Approves what somebody else wrote and proposed: it is in force from effectiveFrom on',
    description: again,
  })
  @ApiCreatedResponse({ type: VersionBody })
  @ApiResponse({ status: 403, description: 'forbidden, rulebook-same-person' })
  @ApiResponse({ status: 404, description: 'rulebook-version-unknown' })
  @ApiResponse({
    status: 409,
    description: 'rulebook-version-taken, rulebook-changed, rulebook-not-proposed',
  })
  @ApiResponse({ status: 422, description: 'rulebook-cannot-follow' })
  approve(
    @Param('program') program: string,
    @Param('version', ParseIntPipe) version: number,
    @Body() { hash }: MeantBody,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    return this.step({ program, version, caller, context }, (versions, now) =>
      decideApproval(versions, { version, hash }, caller.subject, now),
    );
  }

  @Post('/withdrawals')
  @Allow('manager')
  @ApiOperation({
    summary: 'Makes what is proposed a draft again; who proposed it may take it back this way',
    description: again,
  })
  @ApiCreatedResponse({ type: VersionBody })
  @ApiResponse({ status: 404, description: 'rulebook-version-unknown' })
  @ApiResponse({
    status: 409,
    description: 'rulebook-version-taken, rulebook-changed, rulebook-not-proposed',
  })
  withdraw(
    @Param('program') program: string,
    @Param('version', ParseIntPipe) version: number,
    @Body() { hash, reason }: WithdrawalBody,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    return this.step({ program, version, caller, context }, (versions) =>
      decideWithdrawal(versions, { version, hash }, caller.subject, reason),
    );
  }

  private async step(
    { program, version, caller, context }: Step,
    decide: (versions: Versions, now: Instant) => VersionDecision,
  ) {
    mayProgram(caller, program);
    const id = programId(program);
    const now = this.clock();
    const result = await changeVersion(
      this.store,
      id,
      (versions) => decide(versions, now),
      (occurredAt) => metadata(context, { program: id, occurredAt }, this.clock),
      now,
    );
    return said(result, version);
  }
}

interface Step {
  readonly program: string;
  readonly version: number;
  readonly caller: Caller;
  readonly context: RequestContext;
}
