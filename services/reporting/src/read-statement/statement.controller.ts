import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { Allow, CallerParam, mayProgram, type Caller } from '@tallystick/service-host';
import { account, points, program, time } from '../fields.js';
import { PARTS, type Parts } from '../parts.js';
import { accountUnknown, cursorWrong, fromViews } from '../problems.js';
import { readAccount } from '../read-account/account.js';
import { mayReadAccount } from '../read-account/may-read.js';
import { aboutOf, explanationOf } from './about.js';
import { readCursor, writeCursor } from './cursor.js';
import { entryLot, pageDefault, pageMax, readStatement } from './statement.js';

class StatementPath extends createZodDto(z.object({ program, account })) {}
class StatementQuery extends createZodDto(
  z.object({
    cursor: z.string().max(200).optional().describe('`next` of the page before'),
    limit: z.coerce.number().int().min(1).max(pageMax).default(pageDefault),
  }),
) {}
class StatementBody extends createZodDto(
  z.object({
    entries: z.array(
      z.object({
        revision: z.int().describe("Place in the account's ledger, from 0"),
        at: time.describe('When it happened; RFC 3339, UTC'),
        recordedAt: time.describe('When it was written; RFC 3339, UTC'),
        type: z.string(),
        points: points.describe(
          'What it adds; all entries together are unspent + held - arrears of the account',
        ),
        reason: z.string().describe('In words'),
        fact: z.string().nullable().describe('The receipt, event or redemption behind it'),
        about: z
          .object({
            kind: z.enum(['redemption', 'hold', 'transfer', 'certificate-use']),
            id: z.string(),
          })
          .nullable()
          .describe(
            'The redemption, hold, transfer or use of a certificate that it is of: under this id it is read, refunded, released, cancelled',
          ),
        explanation: z
          .string()
          .nullable()
          .describe(
            'Of a receipt or a partner’s event: where it is explained, for who may see that',
          ),
        lots: z.array(entryLot).describe('The lots that came, went or came back'),
      }),
    ),
    next: z.string().nullable().describe('Cursor of the next, older page; null: this is the last'),
  }),
) {}

@ApiTags('accounts')
@Controller('/v1/accounts')
export class StatementController {
  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  @Get(':program/:account/statement')
  @Allow('member', 'store', 'manager', 'auditor', 'ops')
  @ApiOperation({
    summary: "An account's entries with their reasons, newest first",
    description: 'A member sees its own only.',
  })
  @ApiResponse({ status: 200, type: StatementBody.Output })
  @ApiResponse({ status: 404, description: 'account-unknown' })
  async read(
    @Param() path: StatementPath,
    @Query() query: StatementQuery,
    @CallerParam() caller: Caller,
  ): Promise<z.input<typeof StatementBody.schema>> {
    mayProgram(caller, path.program);
    await mayReadAccount(this.parts.db, caller, path.program, path.account);
    const from = query.cursor === undefined ? { before: null } : readCursor(query.cursor);
    if (from === null) throw cursorWrong();
    const { db, clock } = this.parts;
    const page = await fromViews(async () => {
      const read = await readStatement(db, path, { before: from.before, limit: query.limit });
      // No entries: that of an account which has none yet, or there is no such account.
      if (read.entries.length > 0) return read;
      return (await readAccount(db, path.program, path.account, clock())) === null ? null : read;
    });
    if (page === null) throw accountUnknown();
    return {
      entries: page.entries.map((entry) => ({
        ...entry,
        about: aboutOf(entry.fact),
        explanation: explanationOf(entry.fact),
        lots: [...entry.lots],
      })),
      next: page.older === null ? null : writeCursor(page.older),
    };
  }
}
