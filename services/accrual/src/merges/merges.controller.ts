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
import { keyReused } from '../corrections/problems.js';
import { acting } from '../programs/acting.js';
import { Catalog } from '../programs/catalog.js';
import {
  approveMerge,
  mergedBefore,
  outlookOf,
  rejectMerge,
  requestMerge,
  type NotOpen,
  type Refusal,
} from './change-merge.js';
import { mergeStreams, type Merge } from './merge.js';
import { finishMerge } from './merge-accounts.js';
import { MergeBody, MergeList, MergeRequestBody, bodyOf, bodyOfBefore } from './merge-form.js';
import { MergeRegister } from './merge-register.js';
import { MergeRequestsView } from './merges-view.js';
import { cannotMerge, mergeUnknown, notClosed } from './problems.js';

/** Accounts that become one, by two people: one asks, another approves. */
@ApiTags('merges')
@Controller('/v1/merges')
export class MergesController {
  constructor(
    @Inject(EVENT_STORE) readonly store: EventStore,
    @Inject(CLOCK) readonly clock: Clock,
    @Inject(Accounts) readonly accounts: Accounts,
    @Inject(Catalog) readonly catalog: Catalog,
    @Inject(MergeRegister) readonly register: MergeRegister,
    @Inject(MergeRequestsView) readonly view: MergeRequestsView,
  ) {}

  @Post()
  @HttpCode(202)
  @Allow('manager')
  @ApiOperation({
    summary: 'Asks for one account to become part of another; another manager approves it',
    description:
      'Nothing happens before; the answer says what would move. A repeated request is answered as before, whatever has become of it since.',
  })
  @ApiAcceptedResponse({ type: MergeBody })
  @ApiResponse({ status: 404, description: 'account-unknown, program-unknown' })
  @ApiResponse({
    status: 409,
    description: 'account-merged, same-account, account-too-large, beyond-limit',
  })
  @ApiResponse({ status: 422, description: 'idempotency-key-reused' })
  async request(
    @Body() body: MergeRequestBody,
    @IdempotencyKeyParam() key: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const { program, by: subject, metadata } = acting(this.clock, body.program, caller, context);
    const [source, target] = [accountId(body.source), accountId(body.target)];
    const request = { program, source, target, reason: body.reason };
    const result = await requestMerge(this, { subject, key }, request, metadata);
    switch (result.kind) {
      case 'requested': {
        const { asked, position } = result.found;
        // As it was answered the first time: to read what has become of it, there is GET.
        return told(
          {
            ...{ ...result.found, newestPosition: position },
            ...{ status: 'requested', approvedBy: null, moved: null, rejected: null },
          },
          { moves: asked.moves, stale: null },
        );
      }
      case 'before': {
        const { moved, position } = await finishMerge(this, result.merge, metadata);
        const at = String(position);
        return answer({ ...bodyOfBefore(result.merge, moved), position: at }, { position: at });
      }
      case 'key-reused':
        throw keyReused();
      default:
        throw cannotMerge(result, request);
    }
  }

  @Get()
  @Allow('manager', 'auditor')
  @ApiOperation({ summary: 'The open requests of a programme, the oldest first' })
  @ApiOkResponse({ type: MergeList })
  async list(@Query() query: OpenRequestsQuery, @CallerParam() caller: Caller) {
    mayProgram(caller, query.program);
    const { found, next } = await openRequests(this.view, query, (named) =>
      mergeStreams.read(this.store, named),
    );
    const merges: ReturnType<typeof bodyOf>[] = [];
    for (const one of found) merges.push(bodyOf(one, await outlookOf(this, one)));
    return { merges, next };
  }

  @Get('/:program/:merge')
  @Allow('manager', 'auditor')
  @ApiOperation({ summary: 'A request, what it would do now, and what has become of it' })
  @ApiOkResponse({ type: MergeBody })
  @ApiResponse({ status: 404, description: 'merge-unknown' })
  async find(
    @Param('program') program: string,
    @Param('merge') id: string,
    @CallerParam() caller: Caller,
  ) {
    mayProgram(caller, program);
    const named = { program: programId(program), id };
    const found = await mergeStreams.read(this.store, named);
    if (found !== null) return bodyOf(found, await outlookOf(this, found));
    const before = await mergedBefore(this, named);
    if (before === null) throw mergeUnknown();
    return bodyOfBefore(before.merge, before.moved);
  }

  @Post('/:program/:merge/approvals')
  @Allow('manager')
  @ApiOperation({
    summary: 'Approves a request of another person: the accounts become one now',
    description:
      'For good. Cards of the source lead to the target from then on, and receipts and returns of the source go there. Needs no Idempotency-Key: a request is approved once, and the same person again gets the same answer. Where the accounts cannot become one any more, nothing happens and the request stays open.',
  })
  @ApiCreatedResponse({ type: MergeBody })
  @ApiResponse({ status: 403, description: 'forbidden, same-person' })
  @ApiResponse({ status: 404, description: 'merge-unknown' })
  @ApiResponse({
    status: 409,
    description: 'merge-closed, merge-stale, account-too-large, beyond-limit',
  })
  async approve(
    @Param('program') program: string,
    @Param('merge') id: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const { metadata, ...who } = acting(this.clock, program, caller, context);
    const result = await approveMerge(this, { ...who, id }, metadata);
    if (result.kind !== 'done') throw await this.refused(result, { ...who, id });
    return told(result.found, await outlookOf(this, result.found));
  }

  @Post('/:program/:merge/rejections')
  @Allow('manager')
  @ApiOperation({ summary: 'Ends a request; who asked for it may take it back this way' })
  @ApiCreatedResponse({ type: MergeBody })
  @ApiResponse({ status: 404, description: 'merge-unknown' })
  @ApiResponse({ status: 409, description: 'merge-closed' })
  async reject(
    @Param('program') program: string,
    @Param('merge') id: string,
    @Body() { reason }: RejectionBody,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const { metadata, ...who } = acting(this.clock, program, caller, context);
    const result = await rejectMerge(this, { ...who, id }, reason, metadata);
    if (result.kind !== 'done') throw await this.refused(result, { ...who, id });
    return told(result.found, await outlookOf(this, result.found));
  }

  private async refused(refusal: Refusal | NotOpen, named: Named) {
    const found = await mergeStreams.read(this.store, named);
    return found === null ? mergeUnknown() : notClosed(refusal, found.asked);
  }
}

const told = (merge: Merge, outlook: Parameters<typeof bodyOf>[1]) => {
  const position = String(merge.newestPosition);
  return answer({ ...bodyOf(merge, outlook), position }, { position });
};
