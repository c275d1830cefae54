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
import { instant, programId, type Clock, type StreamName } from '@tallystick/kernel';
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
import { keyReused, programUnknown } from '../corrections/problems.js';
import { acting } from '../programs/acting.js';
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
import { reratingStreams, type Rerating } from './rerating.js';

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
    const { program, by: subject, metadata } = acting(this.clock, body.program, caller, context);
    const { from, to, since, until, reason } = body;
    const asked = {
      ...{ program, from, to, reason },
      since: since ? instant(since) : null,
      until: until ? instant(until) : null,
    };
    const result = await requestRerating(this, { subject, key }, asked, metadata);
    switch (result.kind) {
      case 'requested':
        return told(result.found);
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
    const found = [...runs.values()].map(reratingStreams.fold);
    return { reratings: found.flatMap((one) => (one === null ? [] : [bodyOf(one)])) };
  }

  @Get('/:program/:rerating')
  @Allow('manager', 'auditor')
  @ApiOperation({ summary: 'A run: what it would do, what it did' })
  @ApiOkResponse({ type: ReratingBody })
  @ApiResponse({ status: 404, description: 'rerating-unknown' })
  async find(
    @Param('program') program: string,
    @Param('rerating') id: string,
    @CallerParam() caller: Caller,
  ) {
    mayProgram(caller, program);
    const found = await reratingStreams.read(this.store, { program: programId(program), id });
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
  async approve(
    @Param('program') program: string,
    @Param('rerating') id: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const { metadata, ...who } = acting(this.clock, program, caller, context);
    return changed(await approveRerating(this.store, { ...who, id }, metadata));
  }

  @Post('/:program/:rerating/rejections')
  @Allow('manager')
  @ApiOperation({ summary: 'Ends a request; who asked for it may take it back this way' })
  @ApiCreatedResponse({ type: ReratingBody })
  @ApiResponse({ status: 404, description: 'rerating-unknown' })
  @ApiResponse({ status: 409, description: 'rerating-closed' })
  async reject(
    @Param('program') program: string,
    @Param('rerating') id: string,
    @Body() { reason }: ReratingRejectionBody,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const { metadata, ...who } = acting(this.clock, program, caller, context);
    return changed(await rejectRerating(this.store, { ...who, id }, reason, metadata));
  }
}

const changed = (result: ChangeAnswer) => {
  if (result.kind !== 'done') throw refused(result);
  return told(result.found);
};

const told = (rerating: Rerating) => {
  const position = String(rerating.newestPosition);
  return answer({ ...bodyOf(rerating), position }, { position });
};
