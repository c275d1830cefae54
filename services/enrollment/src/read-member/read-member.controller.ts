import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Allow, CallerParam, hasRole, mayProgram, type Caller } from '@tallystick/service-host';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import {
  accountAnswer,
  cardAnswer,
  member,
  memberAnswer,
  program,
  successorAnswer,
} from '../fields.js';
import { personalData } from '../member/personal.js';
import { successorOf } from '../hear-merges/merges.js';
import { PARTS, type Parts } from '../parts.js';
import { memberUnknown } from '../problems.js';
import { readMember } from './read.js';

class MemberPath extends createZodDto(z.object({ program, member })) {}
class MemberBody extends createZodDto(
  z.object({
    program: z.string(),
    member: memberAnswer,
    account: accountAnswer,
    successor: successorAnswer,
    since: z.string().describe('RFC 3339, UTC'),
    cards: z.array(cardAnswer),
    personal: personalData.nullable().describe('Null: none was given, or none is left'),
  }),
) {}

@ApiTags('members')
@Controller('/v1/members')
export class ReadMemberController {
  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  @Get(':program/:member')
  @Allow('manager', 'member')
  @ApiOperation({
    summary: 'Read a member',
    description:
      'With personal data: for managers, and for the member itself. To others it is unknown.',
  })
  @ApiResponse({ status: 200, type: MemberBody.Output })
  @ApiResponse({ status: 404, description: 'member-unknown' })
  async read(
    @Param() path: MemberPath,
    @CallerParam() caller: Caller,
  ): Promise<z.input<typeof MemberBody.schema>> {
    mayProgram(caller, path.program);
    if (!hasRole(caller, 'manager') && caller.member !== path.member) throw memberUnknown();
    const found = await readMember(this.parts, path.program, path.member);
    if (found === undefined) throw memberUnknown();
    const { account, since, cards, personal } = found;
    const successor = await successorOf(this.parts.db, path.program, account);
    return {
      program: path.program,
      member: path.member,
      account,
      successor,
      since,
      cards: cards.map((card) => ({ token: card.card, from: card.since })),
      personal,
    };
  }
}
