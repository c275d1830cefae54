import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import {
  Allow,
  CallerParam,
  ContextParam,
  hasRole,
  problem,
  type Caller,
  type RequestContext,
} from '@tallystick/service-host';
import { time } from '../fields.js';
import { fromReplays, rebuildForbidden, replayRunning, replayUnknown } from '../problems.js';
import { replayReport } from './report.js';
import { replayStatuses } from './replay-rows.js';
import { Replays } from './replays.js';

class ReplayRequest extends createZodDto(
  z.strictObject({
    rebuild: z
      .boolean()
      .default(false)
      .describe('Replaces the live views; happens anyway when they are not there'),
  }),
) {}
class ReplayStarted extends createZodDto(z.object({ replay: z.uuid() })) {}
class ReplayPath extends createZodDto(z.object({ replay: z.uuid() })) {}
class ReplayBody extends createZodDto(
  z.object({
    replay: z.uuid(),
    status: z.enum(replayStatuses),
    rebuild: z.boolean().describe('Whether a rebuild was asked for'),
    startedAt: time,
    endedAt: time.nullable(),
    events: z.int().describe('Events folded so far'),
    problem: z.string().nullable().describe('Why it failed'),
    position: replayReport.shape.position.nullable(),
    caughtUp: replayReport.shape.caughtUp.nullable(),
    rebuilt: replayReport.shape.rebuilt.nullable(),
    equal: replayReport.shape.equal.nullable(),
    views: replayReport.shape.views.describe('Empty while it runs'),
  }),
) {}

@ApiTags('replays')
@Controller('/v1/replays')
export class ReplaysController {
  constructor(@Inject(Replays) private readonly replays: Replays) {}

  @Post()
  @HttpCode(202)
  @Allow('auditor', 'ops')
  @ApiOperation({
    summary: 'Fold the whole store again, and compare every view with it',
    description:
      'Runs in the background, one at a time; the service goes on. Covers every programme: the token must, too. A rebuild needs the role ops.',
  })
  @ApiResponse({ status: 202, type: ReplayStarted.Output })
  @ApiResponse({ status: 409, description: 'replay-running' })
  @ApiResponse({ status: 503, description: 'views-missing: the whole schema is' })
  async start(
    @Body() body: ReplayRequest,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ): Promise<z.input<typeof ReplayStarted.schema>> {
    mayEveryProgram(caller);
    if (body.rebuild && !hasRole(caller, 'ops')) throw rebuildForbidden();
    const { rebuild } = body;
    const started = await fromReplays(() =>
      this.replays.start({ rebuild, requestedBy: context.actor }),
    );
    if (started.kind === 'busy') throw replayRunning(started.replay);
    return { replay: started.replay };
  }

  @Get(':replay')
  @Allow('auditor', 'ops')
  @ApiOperation({ summary: 'How far a replay is, and what it found' })
  @ApiResponse({ status: 200, type: ReplayBody.Output })
  @ApiResponse({ status: 404, description: 'replay-unknown' })
  async read(
    @Param() path: ReplayPath,
    @CallerParam() caller: Caller,
  ): Promise<z.input<typeof ReplayBody.schema>> {
    mayEveryProgram(caller);
    const found = await fromReplays(() => this.replays.read(path.replay));
    if (found === null) throw replayUnknown();
    const { report, ...job } = found;
    return {
      ...job,
      position: report?.position ?? null,
      caughtUp: report?.caughtUp ?? null,
      rebuilt: report?.rebuilt ?? null,
      equal: report?.equal ?? null,
      views: report?.views ?? [],
    };
  }
}

const mayEveryProgram = (caller: Caller): void => {
  if (caller.programs === '*') return;
  throw problem({
    status: 403,
    type: 'forbidden',
    title: 'Your token does not allow this',
    detail: 'A replay covers every programme; your token does not.',
  });
};
