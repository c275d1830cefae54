import { Body, Controller, Delete, Get, Inject, Param, Put } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  Allow,
  CallerParam,
  ContextParam,
  mayMember,
  mayProgram,
  type Caller,
  type RequestContext,
} from '@tallystick/service-host';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { member, memberAnswer, program } from '../fields.js';
import { birthday, isFutureDay } from '../member/personal.js';
import { PARTS, type Parts } from '../parts.js';
import { invalid, memberUnknown } from '../problems.js';
import { changeBirthday, changesOf } from './change-birthday.js';

class MemberPath extends createZodDto(z.object({ program, member })) {}
class BirthdayBody extends createZodDto(z.strictObject({ birthday })) {}
class BirthdayAnswer extends createZodDto(
  z.object({
    program: z.string(),
    member: memberAnswer,
    birthday: z.string().nullable().describe('A calendar day; null: none is kept'),
  }),
) {}

class BirthdayChanges extends createZodDto(
  z.object({
    program: z.string(),
    member: memberAnswer,
    changes: z.array(
      z.object({
        kept: z.boolean().describe('Whether a birthday is kept since'),
        by: z.string().describe('Who changed it'),
        at: z.string().describe('RFC 3339, UTC: when'),
      }),
    ),
  }),
) {}

/** PUT and DELETE sent again change nothing more: they need no Idempotency-Key. */
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
  async set(
    @Param() path: MemberPath,
    @Body() body: BirthdayBody,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    mayProgram(caller, path.program);
    if (isFutureDay(body.birthday, this.parts.clock()))
      throw invalid([{ field: 'birthday', message: 'must not be in the future' }]);
    return this.change(path, body.birthday, context);
  }

  @Delete(':program/:member/birthday')
  @Allow('manager', 'member')
  @ApiOperation({
    summary: 'Forget the birthday of a member',
    description: 'What was rated with it stays as it is. A member forgets its own only.',
  })
  @ApiResponse({ status: 200, type: BirthdayAnswer.Output })
  @ApiResponse({ status: 404, description: 'member-unknown' })
  async forget(
    @Param() path: MemberPath,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    mayProgram(caller, path.program);
    mayMember(caller, path.member, 'manager');
    return this.change(path, null, context);
  }

  @Get(':program/:member/birthday')
  @Allow('manager', 'auditor')
  @ApiOperation({
    summary: 'Read who changed the birthday of a member after the enrolment, and when',
    description: 'The day itself is with what else is personal of the member.',
  })
  @ApiResponse({ status: 200, type: BirthdayChanges.Output })
  @ApiResponse({ status: 404, description: 'member-unknown' })
  async changes(
    @Param() path: MemberPath,
    @CallerParam() caller: Caller,
  ): Promise<z.input<typeof BirthdayChanges.schema>> {
    const { program: of, member: id } = path;
    mayProgram(caller, of);
    const found = await changesOf(this.parts, of, id);
    if (found === null) throw memberUnknown();
    const changes = found.map(({ kept, event: { metadata } }) => ({
      ...{ kept, by: metadata.actor, at: metadata.recordedAt },
    }));
    return { program: of, member: id, changes };
  }

  private async change(
    { program: of, member: id }: MemberPath,
    day: string | null,
    context: RequestContext,
  ): Promise<z.input<typeof BirthdayAnswer.schema>> {
    const change = await changeBirthday(this.parts, { program: of, member: id, day, context });
    if (change === 'member-unknown') throw memberUnknown();
    return { program: of, member: id, birthday: day };
  }
}
