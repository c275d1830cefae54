import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { partnerExplanation } from '@tallystick/contracts';
import { programId } from '@tallystick/kernel';
import { partnerFactId } from '@tallystick/receipts';
import {
  Allow,
  CallerParam,
  mayPartner,
  mayProgram,
  problem,
  type Caller,
} from '@tallystick/service-host';
import { Memory } from '../settle/memory.js';
import { explainFact } from './explain-fact.js';

class PartnerEventName extends createZodDto(
  z.strictObject({
    program: z.string().min(1),
    partner: z.string().min(1),
    event: z.string().min(1).describe("The partner's own id of it"),
  }),
) {}
class PartnerExplanation extends createZodDto(partnerExplanation) {}

@ApiTags('partner awards')
@Controller('/v1/partner-awards')
export class PartnerAwardsController {
  constructor(@Inject(Memory) readonly memory: Memory) {}

  @Get('/explanation')
  @Allow('manager', 'auditor', 'partner')
  @ApiOperation({
    summary: "Why a partner's event earned what it earned, rule by rule",
    description:
      'Made again from the event, the rulebook and what was stored with the award; `proven` says that it is the explanation that was made then. A partner sees its own only.',
  })
  @ApiOkResponse({ type: PartnerExplanation })
  @ApiResponse({ status: 404, description: 'partner-event-unknown' })
  async explain(
    @Query() { program, partner, event }: PartnerEventName,
    @CallerParam() caller: Caller,
  ) {
    mayProgram(caller, program);
    mayPartner(caller, partner, 'manager', 'auditor');
    const id = partnerFactId(programId(program), partner, event);
    const found = await explainFact(this.memory, id);
    if (found === null)
      throw problem({
        status: 404,
        type: 'partner-event-unknown',
        title: 'This event has not come',
        detail: 'Check partner and event; one that was just accepted is on its way.',
      });
    return { event: id, ...found };
  }
}
