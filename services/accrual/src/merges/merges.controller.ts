import { Body, Controller, Inject, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { Accounts } from '@tallystick/accounts';
import { printable, printableRule } from '@tallystick/contracts';
import type { EventStore } from '@tallystick/event-store';
import { accountId, type Clock } from '@tallystick/kernel';
import {
  Allow,
  answer,
  CallerParam,
  CLOCK,
  ContextParam,
  EVENT_STORE,
  IdempotencyKeyParam,
  problem,
  type Caller,
  type RequestContext,
} from '@tallystick/service-host';
import {
  accountMerged,
  accountUnknown,
  keyReused,
  programUnknown,
} from '../corrections/problems.js';
import { acting } from '../programs/acting.js';
import { Catalog } from '../programs/catalog.js';
import { mergeAccounts } from './merge-accounts.js';
import { MergeRegister } from './merge-register.js';

const text = (charsMax: number) =>
  z.string().trim().min(1).max(charsMax).regex(printable, printableRule);

class MergeRequestBody extends createZodDto(
  z.strictObject({
    program: text(100),
    source: text(100).describe('The account that becomes part of the other one'),
    target: text(100).describe('The account that answers for both from then on'),
    reason: text(500).describe('Kept for ever: why, and nothing personal'),
  }),
) {}
class MergeBody extends createZodDto(
  z.strictObject({
    merge: z.string(),
    program: z.string(),
    source: z.string(),
    target: z.string(),
    points: z.int().describe('What moved: unspent, whatever its dates'),
    held: z.int().describe('What moved with open holds'),
    holds: z.int().describe('How many open holds moved; they are captured and released as before'),
    arrears: z.int().describe('What was owed, and is owed by the target now'),
    position: z.string(),
  }),
) {}

@ApiTags('merges')
@Controller('/v1/merges')
export class MergesController {
  constructor(
    @Inject(EVENT_STORE) readonly store: EventStore,
    @Inject(CLOCK) readonly clock: Clock,
    @Inject(Accounts) readonly accounts: Accounts,
    @Inject(Catalog) readonly catalog: Catalog,
    @Inject(MergeRegister) readonly register: MergeRegister,
  ) {}

  @Post()
  @Allow('manager')
  @ApiOperation({
    summary: 'Makes one account part of another, with its points, holds, debts and memory',
    description:
      'For good. Cards of the source lead to the target from then on, and receipts and returns of the source go there. A repeated request is answered with the same figures; its position may be a later one.',
  })
  @ApiCreatedResponse({ type: MergeBody })
  @ApiResponse({ status: 404, description: 'account-unknown, program-unknown' })
  @ApiResponse({
    status: 409,
    description: 'account-merged, same-account, account-too-large, beyond-limit',
  })
  @ApiResponse({ status: 422, description: 'idempotency-key-reused' })
  async merge(
    @Body() body: MergeRequestBody,
    @IdempotencyKeyParam() key: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const { program, by: subject, metadata } = acting(this.clock, body.program, caller, context);
    const source = accountId(body.source);
    const target = accountId(body.target);
    const result = await mergeAccounts(
      this,
      { subject, key },
      { program, source, target, reason: body.reason },
      metadata,
    );
    switch (result.kind) {
      case 'merged': {
        const position = String(result.position);
        const { unspent, held, arrears, carried } = result.left;
        const body: z.input<typeof MergeBody.schema> = {
          ...{ merge: result.merge.merge, program, source, target },
          ...{ points: unspent, held, arrears, position },
          holds: carried.holds.filter(({ status }) => status === 'open').length,
        };
        return answer(body, { position });
      }
      case 'program-unknown':
        throw programUnknown(program);
      case 'account-unknown':
        throw accountUnknown(result.account);
      case 'already-merged':
        throw accountMerged(result.account, result.successor);
      case 'too-large':
        throw problem({
          status: 409,
          type: 'account-too-large',
          title: 'The account has too much to be moved at once',
          detail: `More of account ${result.account} can still be returned, refunded or captured than is moved at once. Ask again when fewer of its sales are within the return window.`,
        });
      case 'beyond-limit':
        throw problem({
          status: 409,
          type: 'beyond-limit',
          title: 'The account cannot hold as much',
          detail: `With the points of ${source}, more would have come to account ${target} than it takes in all.`,
        });
      case 'same-account':
        throw problem({
          status: 409,
          type: 'same-account',
          title: 'An account cannot become part of itself',
          detail: 'The target is the source, or has become part of it.',
        });
      case 'key-reused':
        throw keyReused();
    }
  }
}
