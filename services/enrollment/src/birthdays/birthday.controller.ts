import { Body, Controller, Delete, Inject, Param, Put } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { MemberId, ProgramId } from '@tallystick/kernel';
import { Allow, CallerParam, mayMember, mayProgram, type Caller } from '@tallystick/service-host';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { member, memberAnswer, program } from '../fields.js';
import { birthday, isFutureDay } from '../member/personal.js';
import { PARTS, type Parts } from '../parts.js';
import { invalid, memberUnknown } from '../problems.js';
import { changeBirthday } from './change-birthday.js';

class MemberPath extends createZodDto(z.object({ program, member })) {}
class BirthdayBody extends createZodDto(z.strictObject({ birthday })) {}
class BirthdayAnswer extends createZodDto(
  z.object({
    program: z.string(),
    member: memberAnswer,
    birthday: z.string().nullable().describe('A calendar day; null: none is kept'),
  }),
) {}

/** Sent again they change nothing more: they need no Idempotency-Key. */
@ApiTags('members')
@Controller('/v1/members')
export class BirthdayController {
  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  @Put(':program/:member/birthday')
  @Allow('manager')
  @ApiOperation({
    summary: 'Set or change the birthday of a member',
    description:
      'Kept encrypted with what else is personal, and in no event. Rules that ask `member.inBirthdayWindow` see it for what is rated after this. The member cannot change it: points depend on it.',
  })
  @ApiResponse({ status: 200, type: BirthdayAnswer.Output })
  @ApiResponse({ status: 404, description: 'member-unknown' })
  async set(@Param() path: MemberPath, @Body() body: BirthdayBody, @CallerParam() caller: Caller) {
    mayProgram(caller, path.program);
    if (isFutureDay(body.birthday, this.parts.clock()))
      throw invalid([{ field: 'birthday', message: 'must not be in the future' }]);
    return this.change(path.program, path.member, body.birthday);
  }

  @Delete(':program/:member/birthday')
  @Allow('manager', 'member')
  @ApiOperation({
    summary: 'Forget the birthday of a member',
    description: 'What was rated with it stays as it is. A member forgets its own only.',
  })
  @ApiResponse({ status: 200, type: BirthdayAnswer.Output })
  @ApiResponse({ status: 404, description: 'member-unknown' })
  async forget(@Param() path: MemberPath, @CallerParam() caller: Caller) {
    mayProgram(caller, path.program);
    mayMember(caller, path.member, 'manager');
    return this.change(path.program, path.member, null);
  }

  private async change(
    of: ProgramId,
    id: MemberId,
    day: string | null,
  ): Promise<z.input<typeof BirthdayAnswer.schema>> {
    if ((await changeBirthday(this.parts, of, id, day)) === 'member-unknown') throw memberUnknown();
    return { program: of, member: id, birthday: day };
  }
}
