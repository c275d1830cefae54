import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { calculationV1, receiptV1 } from '@tallystick/contracts';
import type { Clock } from '@tallystick/kernel';
import { isReceipt } from '@tallystick/receipts';
import {
  Allow,
  CallerParam,
  CARD_TOKENS,
  CLOCK,
  ContextParam,
  ProblemException,
  type Caller,
  type CardTokens,
  type RequestContext,
} from '@tallystick/service-host';
import { programUnknown, readReceipt } from '../receipts/submit-receipts.js';
import { Memory } from '../settle/memory.js';
import { calculateBasket } from './calculate-basket.js';

class Receipt extends createZodDto(receiptV1) {}
class Calculation extends createZodDto(calculationV1) {}

@ApiTags('receipts')
@Controller('/v1/receipts/calculate')
export class CalculateController {
  constructor(
    @Inject(Memory) readonly memory: Memory,
    @Inject(CARD_TOKENS) readonly tokens: CardTokens,
    @Inject(CLOCK) readonly clock: Clock,
  ) {}

  @Post()
  @HttpCode(200)
  @Allow('store', 'manager')
  @ApiOperation({
    summary: 'What a basket would come to: discounts, points, and what points could pay',
    description:
      'Takes a receipt whose lines are not reduced yet, and keeps nothing. The receipt with the amounts that it answers gets the same outcome, points and reason, as long as nothing else happens to the account before it.',
  })
  @ApiBody({ type: Receipt })
  @ApiOkResponse({ type: Calculation })
  @ApiResponse({ status: 404, description: 'program-unknown' })
  @ApiResponse({ status: 422, description: 'receipt-invalid' })
  async calculate(
    @Body() body: unknown,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const read = readReceipt(this, body, context, caller);
    if (read instanceof ProblemException) throw read;
    const { fact } = read;
    if (!isReceipt(fact)) throw new Error('a receipt was read as something else');
    const answer = await calculateBasket(this, { ...read, fact });
    if (answer === null) throw programUnknown(fact.program);
    return answer;
  }
}
