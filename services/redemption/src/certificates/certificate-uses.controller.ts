import { Body, Controller, Inject, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { printable, printableRule } from '@tallystick/contracts';
import { programId } from '@tallystick/kernel';
import {
  Allow,
  answer,
  type Answer,
  CallerParam,
  ContextParam,
  IdempotencyKeyParam,
  mayProgram,
  type Caller,
  type RequestContext,
} from '@tallystick/service-host';
import { CARDS, MEANS } from '../accounts/providers.js';
import { findAccount, type Cards } from '../accounts/which-account.js';
import { position, program, reason, reference, time, whichAccount } from '../fields.js';
import type { Means } from '../orders/order.js';
import { keyReused, problemOf } from '../problems.js';
import { giveBack } from './give-back.js';
import {
  alreadyGivenBack,
  certificateNotUsable,
  certificateUnknown,
  useTooOld,
  useUnknown,
} from './problems.js';
import { useCertificate } from './use-certificate.js';

const certificate = z
  .string()
  .min(1)
  .max(1_000)
  .regex(printable, printableRule)
  .describe("The certificate's name, as calculating a basket or the account's list tells it");
const money = z.string().describe('Major units, an exact decimal');

class UseRequestBody extends createZodDto(
  z.strictObject({ program, ...whichAccount, certificate, reference }),
) {}
class UsedBody extends createZodDto(
  z.strictObject({
    use: z.string(),
    program: z.string(),
    account: z.string(),
    certificate: z.string(),
    value: money.describe('What it paid: all of it, no change is given'),
    currency: z.string(),
    usedAt: time,
    position,
  }),
) {}
class CancellationBody extends createZodDto(z.strictObject({ reason })) {}
class GivenBackBody extends createZodDto(
  z.strictObject({
    use: z.string(),
    program: z.string(),
    account: z.string().describe('Where the certificate is now'),
    certificate: z.string(),
    value: money,
    currency: z.string(),
    validUntil: time.describe(
      "Its own date; where that is over, as long from now as the programme's refunds keep points",
    ),
    position,
  }),
) {}

@ApiTags('certificates')
@Controller('/v1/certificate-uses')
export class CertificateUsesController {
  constructor(
    @Inject(MEANS) private readonly means: Means,
    @Inject(CARDS) private readonly cards: Cards,
  ) {}

  @Post()
  @Allow('store', 'manager')
  @ApiOperation({
    summary: 'Pays with a gift certificate, once for each Idempotency-Key',
    description:
      'A certificate is used once and whole, whoever else would use it at the same moment. A card leads to the account that its own one has become part of; an account that is named itself does not.',
  })
  @ApiResponse({ status: 201, type: UsedBody.Output })
  @ApiResponse({ status: 404, description: 'account-unknown, certificate-unknown' })
  @ApiResponse({ status: 409, description: 'certificate-not-usable, account-merged' })
  @ApiResponse({ status: 422, description: 'idempotency-key-reused' })
  async use(
    @Body() body: UseRequestBody,
    @IdempotencyKeyParam() key: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ): Promise<Answer<unknown>> {
    const { means, cards } = this;
    const named = await findAccount(cards, body, caller, means.clock());
    const request = {
      ...{ program: named.program, certificate: body.certificate, reference: body.reference },
    };
    const outcome = await useCertificate(means, caller.subject, key, request, named, context);
    switch (outcome.kind) {
      case 'done': {
        const at = String(outcome.position);
        return answer({ ...outcome.done, position: at }, { position: at });
      }
      case 'certificate-unknown':
        throw certificateUnknown();
      case 'certificate-not-usable':
        throw certificateNotUsable(outcome.status);
      default:
        throw problemOf(outcome);
    }
  }

  @Post('/:program/:use/cancellations')
  @Allow('store', 'manager')
  @ApiOperation({
    summary: 'Gives a certificate back whose sale was cancelled, once',
    description: 'It can be used again, until its date.',
  })
  @ApiResponse({ status: 201, type: GivenBackBody.Output })
  @ApiResponse({ status: 404, description: 'certificate-use-unknown' })
  @ApiResponse({ status: 409, description: 'already-given-back, certificate-use-too-old' })
  @ApiResponse({ status: 422, description: 'idempotency-key-reused' })
  async cancel(
    @Param('program') of: string,
    @Param('use') use: string,
    @Body() body: CancellationBody,
    @IdempotencyKeyParam() key: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ): Promise<Answer<unknown>> {
    mayProgram(caller, of);
    const request = { program: programId(of), use, reason: body.reason };
    const outcome = await giveBack(this.means, caller.subject, key, request, context);
    switch (outcome.kind) {
      case 'done': {
        const at = String(outcome.position);
        return answer({ ...outcome.done, position: at }, { position: at });
      }
      case 'use-unknown':
        throw useUnknown();
      case 'already-given-back':
        throw alreadyGivenBack();
      case 'use-too-old':
        throw useTooOld();
      case 'key-reused':
        throw keyReused();
    }
  }
}
