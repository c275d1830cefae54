import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Allow, CallerParam, mayProgram, type Caller } from '@tallystick/service-host';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { accountAnswer, cardNumber, memberAnswer, program, successorAnswer } from '../fields.js';
import { successorOf } from '../hear-merges/merges.js';
import { PARTS, type Parts } from '../parts.js';
import { cardUnknown } from '../problems.js';
import { accountOfCard } from './account-of-card.js';

class LookupRequest extends createZodDto(z.strictObject({ program, card: cardNumber })) {}
class LookupAnswer extends createZodDto(
  z.object({
    member: memberAnswer,
    account: accountAnswer,
    successor: successorAnswer,
    token: z.string().describe('Stands for the card number everywhere else'),
  }),
) {}

@ApiTags('cards')
@Controller('/v1/cards')
export class CardLookupController {
  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  @Post('lookup')
  @HttpCode(200)
  @Allow('manager', 'store')
  @ApiOperation({
    summary: 'Whom a card leads to',
    description: 'A question, though a POST: a card number in an address would end in logs.',
  })
  @ApiResponse({ status: 200, type: LookupAnswer.Output })
  @ApiResponse({ status: 404, description: 'card-unknown' })
  async lookup(
    @Body() body: LookupRequest,
    @CallerParam() caller: Caller,
  ): Promise<z.input<typeof LookupAnswer.schema>> {
    mayProgram(caller, body.program);
    const token = this.parts.cardTokens.tokenOf(body.program, body.card);
    const found = await accountOfCard(this.parts.db, body.program, token);
    if (found === undefined) throw cardUnknown();
    const successor = await successorOf(this.parts.db, body.program, found.account);
    return { ...found, successor, token };
  }
}
