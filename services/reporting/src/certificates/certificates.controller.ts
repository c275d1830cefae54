import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { Allow, CallerParam, mayProgram, type Caller } from '@tallystick/service-host';
import { exactSum, position, program, sumOfMinor } from '../fields.js';
import { PARTS, type Parts } from '../parts.js';
import { certificateReportRunning, fromViews, positionAhead, programUnknown } from '../problems.js';
import { isProgramKnown } from '../program-views/known.js';
import { certificatesAsOf } from './as-of-position.js';
import type { CertificateReport, Tallies, Tally } from './certificate-report.js';

const tally = z.object({ count: z.int(), minor: sumOfMinor });

class CertificatesPath extends createZodDto(z.object({ program })) {}
class CertificatesQuery extends createZodDto(
  z.strictObject({
    position: z
      .string()
      .regex(/^\d{1,18}$/, 'must be a whole number')
      .transform(BigInt)
      .optional()
      .describe('As of this place in the event store; default: its end'),
  }),
) {}
class CertificatesBody extends createZodDto(
  z.object({
    program: z.string(),
    rules: z
      .array(
        z.object({
          rule: z.string(),
          period: z.object({
            kind: z.enum(['month', 'quarter', 'year']),
            first: z.string(),
            last: z.string(),
          }),
          currency: z.string().describe('ISO 4217'),
          given: tally,
          changed: tally.describe(
            'By what came late or back of its period; the sum may be below 0',
          ),
          used: tally,
          givenBack: tally.describe('Uses whose sale was cancelled'),
          expired: tally,
          outstanding: tally.describe(
            'Neither used nor posted as expired. Money: given + changed - used + givenBack - expired - inTransit',
          ),
          inTransit: tally.describe('Between the two events of a merge; else none'),
        }),
      )
      .describe('By period, rule and currency'),
    currencies: z
      .array(
        z.object({
          currency: z.string().describe('ISO 4217'),
          accounts: z
            .array(z.object({ account: z.string(), minor: sumOfMinor }))
            .describe('Posting accounts with their sums; those of all members together'),
          sum: sumOfMinor.describe('Of all postings: zero, or something is wrong'),
          posted: sumOfMinor.describe('Outstanding, from the postings'),
          folded: sumOfMinor.describe("Outstanding, as the members' accounts fold to"),
          differenceCount: z.int().describe('Accounts whose postings and fold differ'),
          balanced: z.boolean(),
        }),
      )
      .describe('The double entry of certificates: points have their own'),
    balanced: z
      .boolean()
      .describe('Each currency balances, and what happened comes to what is outstanding'),
    position,
  }),
) {}

@ApiTags('reports')
@Controller('/v1/reports')
export class CertificatesController {
  /** Whether one is being made: that reads the whole ledger. */
  private reading = false;

  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  @Get(':program/certificates')
  @Allow('manager', 'auditor', 'ops')
  @ApiOperation({
    summary: "The programme's gift certificates, with their double entry",
    description:
      'How many were given, changed, used, given back and expired, and are outstanding, by rule and period, in minor units. Made from the store alone, whose ledger is read for it; one at a time.',
  })
  @ApiResponse({ status: 200, type: CertificatesBody.Output })
  @ApiResponse({ status: 404, description: 'program-unknown' })
  @ApiResponse({ status: 409, description: 'certificate-report-running' })
  @ApiResponse({ status: 422, description: 'position-ahead' })
  async read(
    @Param() path: CertificatesPath,
    @Query() query: CertificatesQuery,
    @CallerParam() caller: Caller,
  ): Promise<z.input<typeof CertificatesBody.schema>> {
    mayProgram(caller, path.program);
    const { db, store } = this.parts;
    if (!(await fromViews(() => isProgramKnown(db, path.program)))) throw programUnknown();
    const head = await store.head();
    if (query.position !== undefined && query.position > head) throw positionAhead();
    if (this.reading) throw certificateReportRunning();
    this.reading = true;
    try {
      const found = await certificatesAsOf(store, path.program, query.position ?? head);
      return { program: path.program, ...written(found) };
    } finally {
      this.reading = false;
    }
  }
}

const written = ({ rules, currencies, balanced, position: at }: CertificateReport) => ({
  rules: rules.map(({ rule, period, currency, tallies }) => ({
    ...{ rule, period, currency },
    ...writtenTallies(tallies),
  })),
  currencies: currencies.map((of) => ({
    ...of,
    accounts: of.accounts.map(({ account, minor }) => ({ account, minor: exactSum(minor) })),
    ...{ sum: exactSum(of.sum), posted: exactSum(of.posted), folded: exactSum(of.folded) },
  })),
  balanced,
  position: at.toString(),
});

const writtenTallies = (of: Tallies) => ({
  given: writtenTally(of.given),
  changed: writtenTally(of.changed),
  used: writtenTally(of.used),
  givenBack: writtenTally(of.givenBack),
  expired: writtenTally(of.expired),
  outstanding: writtenTally(of.outstanding),
  inTransit: writtenTally(of.inTransit),
});
const writtenTally = ({ count, minor }: Tally) => ({ count, minor: exactSum(minor) });
