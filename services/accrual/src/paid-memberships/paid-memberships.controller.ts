import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { Accounts, isOwn } from '@tallystick/accounts';
import { accountId, programId, type Clock } from '@tallystick/kernel';
import {
  Allow,
  CallerParam,
  CLOCK,
  hasRole,
  mayAccount,
  mayProgram,
  type Caller,
} from '@tallystick/service-host';
import { accountUnknown, programUnknown } from '../corrections/problems.js';
import { Memory } from '../settle/memory.js';
import { membershipsNow } from './memberships-now.js';

class MembershipsBody extends createZodDto(
  z.strictObject({
    program: z.string(),
    account: z.string().describe('The account that has them now: it goes with a merge'),
    day: z.string().describe("The programme's day, today"),
    level: z.string().nullable().describe('The level that a receipt of now is rated with'),
    paidUntil: z
      .string()
      .nullable()
      .describe('The last day that is paid for without a gap from today on; null: today is not'),
    memberships: z
      .array(
        z.strictObject({
          ...{ membership: z.string(), level: z.string() },
          first: z.string().describe('A day of the programme'),
          last: z.string().describe('The last day on which it holds'),
        }),
      )
      .describe('In the order in which they were paid; what was given back is not there'),
  }),
) {}

@ApiTags('programmes')
@Controller('/v1/programs')
export class PaidMembershipsController {
  constructor(
    @Inject(Memory) private readonly memory: Memory,
    @Inject(Accounts) private readonly accounts: Accounts,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get('/:program/memberships/:account')
  @Allow('member', 'store', 'manager', 'auditor')
  @ApiOperation({
    summary: 'Until when the paid memberships of an account last',
    description: 'A member sees those of its own account only.',
  })
  @ApiOkResponse({ type: MembershipsBody.Output })
  @ApiResponse({ status: 404, description: 'program-unknown, account-unknown' })
  async read(
    @Param('program') named: string,
    @Param('account') account: string,
    @CallerParam() caller: Caller,
  ): Promise<z.input<typeof MembershipsBody.schema>> {
    mayProgram(caller, named);
    const program = await this.memory.catalog.read(programId(named));
    const asked = accountId(account);
    const isStaff = hasRole(caller, 'store', 'manager', 'auditor');
    // Says no, in the words of every other route.
    if (!isStaff && !(await isOwn(this.accounts, programId(named), caller.account, [asked])))
      mayAccount(caller, asked);
    if (program === null) throw programUnknown(named);
    const now = await membershipsNow(this.memory, program, asked, this.clock());
    if (now === null) throw accountUnknown(account);
    return { program: named, ...now, memberships: [...now.memberships] };
  }
}
