import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Allow, CallerParam, hasRole, mayProgram, type Caller } from '@tallystick/service-host';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { eventId, partner, program } from '../fields.js';
import { partnerEventFact } from '../partner/ids.js';
import { PARTS, type Parts } from '../parts.js';
import { eventUnknown } from '../problems.js';
import { conflictsOf, eventRow } from '../receive/event-rows.js';
import { outcomeOf } from './outcomes.js';

class ReadEventPath extends createZodDto(z.object({ program, partner, event: eventId })) {}
class EventOutcomeBody extends createZodDto(
  z.object({
    event: z.string(),
    status: z
      .enum(['accepted', 'awarded', 'nothing', 'waiting'])
      .describe('waiting: for its card to be linked to a member'),
    points: z.int().describe('Whole points that it earned'),
    reason: z.string().nullable().describe('Why it earned nothing, or waits'),
    type: z.string(),
    occurredAt: z.string().describe('RFC 3339, UTC'),
    keyId: z.string().describe('The key that signed it'),
    hash: z.string().describe('SHA-256 of its content, in hex'),
    conflicts: z
      .array(
        z.object({
          hash: z.string().describe('SHA-256 of the content, in hex'),
          keyId: z.string(),
          firstAt: z.string().describe('RFC 3339, UTC'),
          lastAt: z.string().describe('RFC 3339, UTC'),
          times: z.int().describe('How often it was delivered'),
        }),
      )
      .describe('Other contents that came under this id and were refused'),
  }),
) {}

@ApiTags('partner events')
@Controller('/v1/partner-events')
export class ReadEventController {
  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  @Get(':program/:partner/:event')
  @Allow('manager', 'partner')
  @ApiOperation({
    summary: 'What became of an event',
    description: 'For managers, and for the partner that sent it. To others it is unknown.',
  })
  @ApiResponse({ status: 200, type: EventOutcomeBody.Output })
  @ApiResponse({ status: 404, description: 'partner-event-unknown' })
  async read(
    @Param() path: ReadEventPath,
    @CallerParam() caller: Caller,
  ): Promise<z.input<typeof EventOutcomeBody.schema>> {
    mayProgram(caller, path.program);
    if (!hasRole(caller, 'manager') && caller.partner !== path.partner) throw eventUnknown();
    const { db } = this.parts;
    const row = await eventRow(db, path);
    if (row === undefined) throw eventUnknown();
    const outcome = await outcomeOf(db, partnerEventFact(path));
    const { event, type, occurredAt, keyId, hash } = row.data;
    return {
      event,
      status: outcome?.status ?? 'accepted',
      points: outcome?.points ?? 0,
      reason: outcome?.reason ?? null,
      type,
      occurredAt,
      keyId,
      hash,
      conflicts: [...(await conflictsOf(db, path))],
    };
  }
}
