import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { accountId, programId, type AccountId, type Clock } from '@tallystick/kernel';
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
import type { Program } from '../programs/catalog.js';
import { Memory } from '../settle/memory.js';
import { membershipsNow, withSuccessors } from './memberships-now.js';

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
    if (!hasRole(caller, 'store', 'manager', 'auditor')) await this.own(caller, program, asked);
    if (program === null) throw programUnknown(named);
    const now = await membershipsNow(this.memory, program, asked, this.clock());
    if (now === null) throw accountUnknown(account);
    return { program: named, ...now, memberships: [...now.memberships] };
  }

  /** A member's own is the account that its token names, and what that became part of. */
  private async own(caller: Caller, program: Program | null, asked: AccountId): Promise<void> {
    if (caller.account === asked) return;
    const own =
      program === null || caller.account === undefined
        ? []
        : await withSuccessors(this.memory, program, accountId(caller.account));
    // Says no, in the words of every other route.
    if (!own.includes(asked)) mayAccount(caller, asked);
  }
}
