import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { EventStore, RecordedEvent } from '@tallystick/event-store';
import {
  instant,
  programId,
  type Clock,
  type ProgramId,
  type StreamName,
} from '@tallystick/kernel';
import {
  Allow,
  answer,
  CallerParam,
  CLOCK,
  ContextParam,
  EVENT_STORE,
  IdempotencyKeyParam,
  mayProgram,
  metadata,
  type Caller,
  type RequestContext,
} from '@tallystick/service-host';
import { keyReused, programUnknown } from '../corrections/problems.js';
import { Catalog } from '../programs/catalog.js';
import {
  approveRerating,
  rejectRerating,
  requestRerating,
  type ChangeAnswer,
} from './change-rerating.js';
import {
  bodyOf,
  ReratingBody,
  reratingInvalid,
  ReratingList,
  ReratingQuery,
  ReratingRejectionBody,
  ReratingRequestBody,
  reratingUnknown,
  refused,
} from './rerating-form.js';
import { readRerating, reratingOf, type Rerating } from './rerating.js';

/** What a wrong version has rated is rated by another one: one person asks, it is counted, another approves. */
@ApiTags('reratings')
@Controller('/v1/reratings')
export class ReratingsController {
  constructor(
    @Inject(EVENT_STORE) readonly store: EventStore,
    @Inject(CLOCK) readonly clock: Clock,
    @Inject(Catalog) readonly catalog: Catalog,
  ) {}

  @Post()
  @HttpCode(202)
  @Allow('manager')
  @ApiOperation({
    summary: 'Asks for a run that rates again what a wrong version has rated',
    description:
      'It is counted first what the run would do; nothing is posted before another manager approves it. What comes later is rated by the version of its own moment all the same.',
  })
  @ApiAcceptedResponse({ type: ReratingBody })
  @ApiResponse({ status: 404, description: 'program-unknown' })
  @ApiResponse({ status: 422, description: 'rerating-invalid, idempotency-key-reused' })
  async request(
    @Body() body: ReratingRequestBody,
    @IdempotencyKeyParam() key: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    mayProgram(caller, body.program);
    const program = programId(body.program);
    const { from, to, since, until, reason } = body;
    const asked = {
      ...{ program, from, to, reason },
      since: since ? instant(since) : null,
      until: until ? instant(until) : null,
    };
    const by = { subject: caller.subject, key };
    const result = await requestRerating(this, by, asked, this.metadataOf(context, program));
    switch (result.kind) {
      case 'requested':
        return told(result.rerating);
      case 'program-unknown':
        throw programUnknown(body.program);
      case 'invalid':
        throw reratingInvalid(result.faults);
      case 'key-reused':
        throw keyReused();
    }
  }

  @Get()
  @Allow('manager', 'auditor')
  @ApiOperation({ summary: 'All runs of a programme, the oldest first' })
  @ApiOkResponse({ type: ReratingList })
  async list(@Query() query: ReratingQuery, @CallerParam() caller: Caller) {
    mayProgram(caller, query.program);
    const program = programId(query.program);
    const runs = new Map<StreamName, RecordedEvent[]>();
    for await (const recorded of this.store.readAll({ categories: ['rerating'] })) {
      if (recorded.metadata.program !== program) continue;
      runs.set(recorded.stream, [...(runs.get(recorded.stream) ?? []), recorded]);
    }
    const found = [...runs.values()].map(reratingOf);
    return { reratings: found.flatMap((one) => (one === null ? [] : [bodyOf(one)])) };
  }

  @Get('/:program/:rerating')
  @Allow('manager', 'auditor')
  @ApiOperation({ summary: 'A run: what it would do, what it did' })
  @ApiOkResponse({ type: ReratingBody })
  @ApiResponse({ status: 404, description: 'rerating-unknown' })
  async find(
    @Param('program') program: string,
    @Param('rerating') rerating: string,
    @CallerParam() caller: Caller,
  ) {
    mayProgram(caller, program);
    const found = await readRerating(this.store, programId(program), rerating);
    if (found === null) throw reratingUnknown();
    return bodyOf(found);
  }

  @Post('/:program/:rerating/approvals')
  @Allow('manager')
  @ApiOperation({
    summary: 'Approves a run of another person: it is posted from now on, in the background',
    description:
      'Needs no Idempotency-Key: a run is approved once, and the same person again is answered with how it stands.',
  })
  @ApiCreatedResponse({ type: ReratingBody })
  @ApiResponse({ status: 403, description: 'forbidden, rerating-same-person' })
  @ApiResponse({ status: 404, description: 'rerating-unknown' })
  @ApiResponse({ status: 409, description: 'rerating-not-counted, rerating-closed' })
  approve(
    @Param('program') program: string,
    @Param('rerating') rerating: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const named = this.named(program, rerating, caller);
    const meta = this.metadataOf(context, named.program);
    return this.changed(approveRerating(this.store, named, meta));
  }

  @Post('/:program/:rerating/rejections')
  @Allow('manager')
  @ApiOperation({ summary: 'Ends a request; who asked for it may take it back this way' })
  @ApiCreatedResponse({ type: ReratingBody })
  @ApiResponse({ status: 404, description: 'rerating-unknown' })
  @ApiResponse({ status: 409, description: 'rerating-closed' })
  reject(
    @Param('program') program: string,
    @Param('rerating') rerating: string,
    @Body() { reason }: ReratingRejectionBody,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const named = this.named(program, rerating, caller);
    const meta = this.metadataOf(context, named.program);
    return this.changed(rejectRerating(this.store, named, reason, meta));
  }

  private named(program: string, rerating: string, caller: Caller) {
    mayProgram(caller, program);
    return { program: programId(program), rerating, by: caller.subject };
  }

  private async changed(change: Promise<ChangeAnswer>) {
    const result = await change;
    if (result.kind !== 'done') throw refused(result);
    return told(result.rerating);
  }

  private metadataOf(context: RequestContext, program: ProgramId) {
    return metadata(context, { program, occurredAt: this.clock() }, this.clock);
  }
}

const told = (rerating: Rerating) => {
  const position = String(rerating.position);
  return answer({ ...bodyOf(rerating), position }, { position });
};
