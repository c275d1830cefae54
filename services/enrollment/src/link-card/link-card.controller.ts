import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { unreachable } from '@tallystick/kernel';
import {
  Allow,
  answer,
  CallerParam,
  ContextParam,
  IdempotencyKeyParam,
  mayProgram,
  type Answer,
  type Caller,
  type RequestContext,
} from '@tallystick/service-host';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { accountAnswer, cardAnswer, cardNumber, member, position, program } from '../fields.js';
import { linkFact } from '../member/ids.js';
import { PARTS, type Parts } from '../parts.js';
import { cardLinkedElsewhere, keyReused, memberUnknown } from '../problems.js';
import { linkCard } from './link.js';

class LinkPath extends createZodDto(z.object({ program, member })) {}
class LinkRequestBody extends createZodDto(z.strictObject({ card: cardNumber })) {}
class LinkAnswerBody extends createZodDto(
  cardAnswer.extend({ account: accountAnswer, position }),
) {}

@ApiTags('members')
@Controller('/v1/members')
export class LinkCardController {
  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  @Post(':program/:member/cards')
  @HttpCode(201)
  @Allow('manager', 'store')
  @ApiOperation({
    summary: 'Link a card to a member',
    description:
      'The card leads to the account of the member from now on. A card that leads there already: 200 and the same answer. One that has left another account is free.',
  })
  @ApiResponse({ status: 201, type: LinkAnswerBody.Output })
  @ApiResponse({ status: 200, description: 'Was linked before', type: LinkAnswerBody.Output })
  @ApiResponse({ status: 404, description: 'member-unknown' })
  @ApiResponse({ status: 409, description: 'card-linked-elsewhere' })
  @ApiResponse({ status: 422, description: 'idempotency-key-reused' })
  async link(
    @Param() path: LinkPath,
    @Body() body: LinkRequestBody,
    @IdempotencyKeyParam() key: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ): Promise<Answer<unknown>> {
    mayProgram(caller, path.program);
    const { cardTokens } = this.parts;
    const linked = await linkCard(this.parts, {
      program: path.program,
      member: path.member,
      card: cardTokens.tokenOf(path.program, body.card),
      fact: linkFact(cardTokens, path.program, path.member, key),
      context,
    });
    switch (linked.kind) {
      case 'linked': {
        const { card, since, account, known } = linked;
        return answer(
          { token: card, from: since, account, position: linked.position.toString() },
          { status: known ? 200 : 201, position: linked.position },
        );
      }
      case 'member-unknown':
        throw memberUnknown();
      case 'key-reused':
        throw keyReused();
      case 'card-linked-elsewhere':
        throw cardLinkedElsewhere();
      default:
        return unreachable(linked);
    }
  }
}
