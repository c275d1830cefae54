import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { unreachable } from '@tallystick/kernel';
import {
  Allow,
  answer,
  CallerParam,
  ContextParam,
  IdempotencyKeyParam,
  mayMember,
  mayProgram,
  type Answer,
  type Caller,
  type RequestContext,
} from '@tallystick/service-host';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import {
  accountAnswer,
  cardAnswer,
  cardNumber,
  member,
  position,
  program,
  token,
} from '../fields.js';
import { unlinkFact } from '../member/ids.js';
import { PARTS, type Parts } from '../parts.js';
import { cardUnknown, invalid, keyReused, memberUnknown } from '../problems.js';
import { unlinkCard } from './unlink.js';

class UnlinkPath extends createZodDto(z.object({ program, member })) {}
class UnlinkRequestBody extends createZodDto(
  z.strictObject({
    card: cardNumber.optional(),
    token: token.optional().describe('Instead of the number, which a lost card has taken along'),
  }),
) {}
class UnlinkAnswerBody extends createZodDto(
  cardAnswer.extend({
    until: z.string().describe('RFC 3339, UTC: since when it leads there no more'),
    account: accountAnswer,
    position,
  }),
) {}

@ApiTags('members')
@Controller('/v1/members')
export class UnlinkCardController {
  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  @Post(':program/:member/cards/unlinkings')
  @HttpCode(201)
  @Allow('manager', 'member')
  @ApiOperation({
    summary: 'Take a card from a member: it was lost, or given back',
    description:
      'From now on it leads to nobody, until it is linked again. Receipts from before go to the account that it led to then, however late they come. A member takes its own cards only.',
  })
  @ApiResponse({ status: 201, type: UnlinkAnswerBody.Output })
  @ApiResponse({ status: 200, description: 'Was taken before', type: UnlinkAnswerBody.Output })
  @ApiResponse({ status: 404, description: 'member-unknown, card-unknown' })
  @ApiResponse({ status: 422, description: 'idempotency-key-reused' })
  async unlink(
    @Param() path: UnlinkPath,
    @Body() body: UnlinkRequestBody,
    @IdempotencyKeyParam() key: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ): Promise<Answer<unknown>> {
    mayProgram(caller, path.program);
    mayMember(caller, path.member, 'manager');
    if ((body.card === undefined) === (body.token === undefined))
      throw invalid([{ field: 'card', message: 'give either card or token' }]);
    const { cardTokens } = this.parts;
    const card = body.token ?? cardTokens.tokenOf(path.program, body.card ?? '');
    const unlinked = await unlinkCard(this.parts, {
      program: path.program,
      member: path.member,
      card,
      fact: unlinkFact(cardTokens, path.program, path.member, key),
      context,
    });
    switch (unlinked.kind) {
      case 'unlinked': {
        const { since, until, account, known, position: at } = unlinked;
        return answer(
          { token: card, from: since, until, account, position: at.toString() },
          { status: known ? 200 : 201, position: at },
        );
      }
      case 'member-unknown':
        throw memberUnknown();
      case 'card-unknown':
        throw cardUnknown();
      case 'key-reused':
        throw keyReused();
      default:
        return unreachable(unlinked);
    }
  }
}
