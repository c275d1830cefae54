import { Body, Controller, HttpCode, Inject, Post, UseInterceptors } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { Points } from '@tallystick/kernel';
import { valuation } from '@tallystick/ledger';
import { arrearsPolicyOf } from '@tallystick/rulebook';
import { Allow, CallerParam, type Caller } from '@tallystick/service-host';
import { AfterOpening } from '../accounts/after-opening.js';
import { CARDS, MEANS } from '../accounts/providers.js';
import { findAccount, type Cards } from '../accounts/which-account.js';
import { program, whichAccount, wholePoints } from '../fields.js';
import { follow, type Means } from '../orders/order.js';
import { accountMerged, accountUnknown } from '../problems.js';
import { worthOf } from './quote.js';

class QuoteRequest extends createZodDto(
  z.strictObject({
    program,
    ...whichAccount,
    points: wholePoints.optional().describe('Default: all that are available'),
  }),
) {}
class Quote extends createZodDto(
  z.strictObject({
    program: z.string(),
    account: z.string(),
    available: z.int(),
    pending: z.int(),
    arrears: z.int(),
    arrearsPolicy: z
      .enum(['next-awards', 'waived', 'paid-in-money'])
      .nullable()
      .describe('How what is owed is paid by the rulebook in force'),
    points: z.int().describe('How many of the wanted points could be spent now'),
    value: z
      .strictObject({ amount: z.string().describe('Major units'), currency: z.string() })
      .nullable(),
  }),
) {}

@ApiTags('redemptions')
@Controller('/v1/redemptions')
@UseInterceptors(AfterOpening)
export class QuoteController {
  constructor(
    @Inject(MEANS) private readonly means: Means,
    @Inject(CARDS) private readonly cards: Cards,
  ) {}

  @Post('/quote')
  @HttpCode(200)
  @Allow('store', 'manager', 'member')
  @ApiOperation({ summary: 'What points could pay now. Promises nothing: the redemption decides' })
  @ApiResponse({ status: 200, type: Quote.Output })
  @ApiResponse({ status: 404, description: 'account-unknown' })
  @ApiResponse({ status: 409, description: 'account-merged' })
  async quote(@Body() body: QuoteRequest, @CallerParam() caller: Caller) {
    const { means, cards } = this;
    const { accounts, programs, clock } = means;
    const at = clock();
    const named = await findAccount(cards, body, caller, at);
    for (let { account } = named; ; account = await follow(means, named.program, account)) {
      const seen = await accounts.look(named.program, account, (state) => ({
        opened: state.opened !== null,
        merged: state.merged,
        ...valuation(state, at),
      }));
      if (!seen.opened) throw accountUnknown();
      if (seen.merged !== null) {
        if (named.follows) continue;
        throw accountMerged(seen.merged.into);
      }
      const { available, pending, arrears } = seen;
      const points = Points.least(available, Points.points(body.points ?? available));
      const book = await programs.inForce(named.program, at);
      const value = worthOf(points, book);
      const arrearsPolicy = book === null ? null : arrearsPolicyOf(book);
      const there = { available, pending, arrears, arrearsPolicy };
      return { program: named.program, account, ...there, points, value };
    }
  }
}
