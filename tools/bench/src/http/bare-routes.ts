import { Body, Controller, HttpCode, Module, Post, type Type } from '@nestjs/common';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { receiptV1 } from '@tallystick/contracts';
import { accrual } from '@tallystick/accrual';
import { redemption } from '@tallystick/redemption';
import {
  Allow,
  answer,
  CallerParam,
  IdempotencyKeyParam,
  mayProgram,
  mayStore,
  type Caller,
  type ServiceDefinition,
} from '@tallystick/service-host';

/**
 * The baseline of the HTTP benchmarks: routes beside the service's own, in the same process and behind the same host, that check
 * token, scope and body, and answer what the real ones answer.
 */
class Receipt extends createZodDto(receiptV1) {}
const name = z.string().min(1).max(100);
class Redemption extends createZodDto(
  z.strictObject({
    program: name,
    card: name,
    points: z.int().min(1),
    kind: z.string().max(100),
    reference: z.string().max(200),
  }),
) {}

@Controller('/v1/bare')
class BareReceipts {
  @Post('/receipts')
  @HttpCode(200)
  @Allow('store', 'manager')
  submit(@Body() body: Receipt, @CallerParam() caller: Caller) {
    mayProgram(caller, body.program);
    mayStore(caller, body);
    return answer(
      {
        receipt: `receipt/${body.chain}/${body.store}/${body.till}/${body.number}/${body.businessDate}`,
        ...{ outcome: 'awarded', reason: null, known: false, account: body.card },
        ...{ earned: 37, reversed: 0, arrearsRaised: 0 },
        lines: body.lines.map(({ ordinal }) => ({ ordinal, outcome: 'earned', points: 12 })),
      },
      { position: 1n },
    );
  }
}

@Controller('/v1/bare')
class BareRedemptions {
  @Post('/redemptions')
  @Allow('store', 'manager', 'member')
  redeem(
    @Body() body: Redemption,
    @IdempotencyKeyParam() key: string,
    @CallerParam() caller: Caller,
  ) {
    mayProgram(caller, body.program);
    return answer(
      {
        redemption: key,
        program: body.program,
        account: body.card,
        points: body.points,
        available: 1,
        position: '1',
      },
      { position: 1n },
    );
  }
}

const beside = (service: ServiceDefinition, controller: Type<unknown>): ServiceDefinition => {
  @Module({ imports: [service.module], controllers: [controller] })
  class WithBareRoutes {}
  return { ...service, module: WithBareRoutes };
};

export const accrualWithBareRoute = beside(accrual, BareReceipts);
export const redemptionWithBareRoute = beside(redemption, BareRedemptions);
