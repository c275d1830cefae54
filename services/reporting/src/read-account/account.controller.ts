import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { Allow, CallerParam, mayProgram, type Caller } from '@tallystick/service-host';
import { account, moment, points, position, program, time } from '../fields.js';
import { PARTS, type Parts } from '../parts.js';
import { accountUnknown, fromViews } from '../problems.js';
import { readAccount } from './account.js';
import { mayReadAccount } from './may-read.js';

class AccountPath extends createZodDto(z.object({ program, account })) {}
class AccountQuery extends createZodDto(
  z.object({
    asOf: moment
      .optional()
      .describe(
        'Values the lots and holds that are there now at this moment; RFC 3339; default: now',
      ),
  }),
) {}
class AccountBody extends createZodDto(
  z.object({
    program: z.string(),
    account: z.string(),
    member: z.string().nullable(),
    status: z.enum(['open', 'merged']).describe('merged: it became part of another account'),
    successor: z
      .string()
      .nullable()
      .describe('The account that has its points now, where it became part of another one'),
    asOf: time,
    unspent: points.describe('pending + available + lapsed'),
    pending: points.describe('Earned, and not spendable yet'),
    available: points.describe('What can be spent'),
    lapsed: points.describe('Past their date: not spendable any more'),
    held: points.describe('Reserved for a redemption under way'),
    arrears: points.describe(
      'Owed by the member; `arrearsPolicy` of the rulebook says how it is paid',
    ),
    nextExpiry: z
      .object({ at: time, points })
      .nullable()
      .describe('What lapses next if nothing is spent before'),
    position,
  }),
) {}

@ApiTags('accounts')
@Controller('/v1/accounts')
export class AccountController {
  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  @Get(':program/:account')
  @Allow('member', 'store', 'manager', 'auditor', 'ops')
  @ApiOperation({ summary: "An account's balance", description: 'A member sees its own only.' })
  @ApiResponse({ status: 200, type: AccountBody.Output })
  @ApiResponse({ status: 404, description: 'account-unknown' })
  async read(
    @Param() path: AccountPath,
    @Query() query: AccountQuery,
    @CallerParam() caller: Caller,
  ): Promise<z.input<typeof AccountBody.schema>> {
    mayProgram(caller, path.program);
    await mayReadAccount(this.parts.db, caller, path.program, path.account);
    const asOf = query.asOf ?? this.parts.clock();
    const found = await fromViews(() =>
      readAccount(this.parts.db, path.program, path.account, asOf),
    );
    if (found === null) throw accountUnknown();
    const { program: of, account: id } = path;
    const status = found.successor === null ? 'open' : 'merged';
    const position = found.position.toString();
    return { program: of, account: id, asOf, status, ...found, position };
  }
}
