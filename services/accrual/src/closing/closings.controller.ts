import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { day } from '@tallystick/contracts';
import { newEvent, type EventStore } from '@tallystick/event-store';
import {
  addDays,
  localDate,
  programId,
  startOfDay,
  timeZone,
  type Clock,
} from '@tallystick/kernel';
import {
  Allow,
  answer,
  CallerParam,
  CLOCK,
  ContextParam,
  EVENT_STORE,
  mayProgram,
  metadata,
  problem,
  type Caller,
  type RequestContext,
} from '@tallystick/service-host';
import { programUnknown } from '../corrections/problems.js';
import { Catalog, rulebookAt } from '../programs/catalog.js';
import { returnableSince } from '../programs/return-window.js';
import { closingFact, closingStream, readClosing, type ClosingRequested } from './closing.js';
import { Closings, refusal, type Closing } from './closings.js';

class ClosingRequest extends createZodDto(
  z.strictObject({
    program: z.string().min(1).max(100),
    through: day.describe('The last day of the period, in the programme’s own time zone'),
  }),
) {}
class ClosingPath extends createZodDto(z.object({ program: z.string().min(1), through: day })) {}
class ClosingBody extends createZodDto(
  z.strictObject({
    closing: z.string().describe('Its path: /v1/closings/<program>/<through>'),
    program: z.string(),
    through: z.string(),
    keepFrom: z
      .string()
      .describe(
        'What happened before this moment is left behind: no return reaches as far back, also if it comes a month late',
      ),
    status: z.enum(['running', 'done']),
    closed: z.int().describe('Accounts whose period is closed'),
    skipped: z
      .int()
      .describe('Accounts that had closed it before, or became part of another account'),
    refused: z
      .int()
      .describe('Accounts that could not be closed: the next closing takes this period along'),
    refusals: z.array(refusal).describe('The first 100 of these accounts, and why'),
    requestedBy: z.string(),
    endedAt: z.string().nullable(),
  }),
) {}

@ApiTags('closings')
@Controller('/v1/closings')
export class ClosingsController {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(Catalog) private readonly catalog: Catalog,
    @Inject(Closings) private readonly closings: Closings,
  ) {}

  @Post()
  @HttpCode(202)
  @Allow('manager')
  @ApiOperation({
    summary: 'Closes a period of every account of a programme',
    description:
      'Runs in the background, and goes on after a restart by itself. Moves no points: it carries each account forward, so that it need not be folded from its beginning. What is older than the return window is left behind. A period is closed once: no Idempotency-Key is needed.',
  })
  @ApiAcceptedResponse({ type: ClosingBody })
  @ApiResponse({ status: 404, description: 'program-unknown' })
  @ApiResponse({ status: 422, description: 'period-not-over' })
  async close(
    @Body() body: ClosingRequest,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    mayProgram(caller, body.program);
    const program = programId(body.program);
    const through = localDate(body.through);
    const asked = await this.ask({ program, through, requestedBy: caller.subject }, context);
    const closing = await this.closings.find(program, through);
    if (closing === null) throw new Error('a closing that was noted is not there');
    return answer(bodyOf(closing), { position: asked });
  }

  @Get('/:program/:through')
  @Allow('manager', 'auditor')
  @ApiOperation({ summary: 'How far a closing has come' })
  @ApiOkResponse({ type: ClosingBody })
  @ApiResponse({ status: 404, description: 'closing-unknown' })
  async find(@Param() path: ClosingPath, @CallerParam() caller: Caller) {
    mayProgram(caller, path.program);
    const closing = await this.closings.find(programId(path.program), localDate(path.through));
    if (closing === null) {
      throw problem({
        status: 404,
        type: 'closing-unknown',
        title: 'Nobody has asked for this closing',
      });
    }
    return bodyOf(closing);
  }

  /** Answers where it was asked for in the store's order: now, or before. */
  private async ask(
    of: Pick<ClosingRequested, 'program' | 'through' | 'requestedBy'>,
    context: RequestContext,
  ): Promise<bigint> {
    const { program, through } = of;
    for (;;) {
      const known = await readClosing(this.store, program, through);
      if (known !== null) {
        await this.closings.note(known.asked, known.position);
        return known.position;
      }
      const published = await this.catalog.read(program);
      const now = this.clock();
      const rulebook = published === null ? null : rulebookAt(published, now);
      if (published === null || rulebook === null) throw programUnknown(program);
      const until = startOfDay(addDays(through, 1), timeZone(rulebook.book.timeZone));
      if (until > now) throw notOver(until);
      const data = { ...of, until, keepFrom: returnableSince(published, until) };
      const event = newEvent(
        closingFact(program, through),
        0,
        { type: 'ClosingRequested', data },
        metadata(context, { program, occurredAt: now }, this.clock),
      );
      const stream = closingStream(program, through);
      await this.store.append([{ stream, expected: 'noStream', events: [event] }]);
    }
  }
}

const notOver = (until: string) =>
  problem({
    status: 422,
    type: 'period-not-over',
    title: 'The period is not over',
    detail: `It ends at ${until}.`,
  });

const bodyOf = (closing: Closing): z.input<typeof ClosingBody.schema> => {
  const { program, through, keepFrom, status, closed, skipped, refused, refusals } = closing;
  return {
    closing: `/v1/closings/${encodeURIComponent(program)}/${through}`,
    ...{ program, through, keepFrom, status, closed, skipped, refused },
    refusals: [...refusals],
    requestedBy: closing.requestedBy,
    endedAt: closing.endedAt,
  };
};
