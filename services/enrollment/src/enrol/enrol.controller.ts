import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import {
  epochMs,
  type AccountId,
  type CardToken,
  type Instant,
  type ProgramId,
} from '@tallystick/kernel';
import {
  Allow,
  answer,
  CallerParam,
  ContextParam,
  hasRole,
  IdempotencyKeyParam,
  mayProgram,
  type Answer,
  type Caller,
  type FieldError,
  type ProblemException,
  type RequestContext,
} from '@tallystick/service-host';
import type { z } from 'zod';
import { Programs } from '../hear-programs/programs.js';
import { memberIds } from '../member/ids.js';
import { isFutureDay, orNothing, type PersonalData } from '../member/personal.js';
import { PARTS, type Parts } from '../parts.js';
import {
  accountMerged,
  accountUnknown,
  cardLinkedElsewhere,
  invalid,
  keyReused,
  programUnknown,
  sharingForbidden,
} from '../problems.js';
import { enrol } from './enrol.js';
import {
  batchItem,
  EnrolAnswerBody,
  EnrolBatchAnswer,
  EnrolBatchRequest,
  EnrolRequest,
} from './enrol.dto.js';
import type { EnrolAnswer, EnrolRefusal, Wanted } from './wanted.js';

/** A client's clock may be ahead of ours by this much. */
const clockSkewMs = 60_000;

type Enrolled = Extract<EnrolAnswer, { kind: 'enrolled' }>;
type BatchAnswer = z.input<typeof EnrolBatchAnswer.schema>;

const refusal = (answered: EnrolRefusal): ProblemException => {
  switch (answered.kind) {
    case 'key-reused':
      return keyReused();
    case 'card-linked-elsewhere':
      return cardLinkedElsewhere();
    case 'account-unknown':
      return accountUnknown();
    case 'account-merged':
      return accountMerged(answered.successor);
  }
};

const enrolledBody = ({ member, account, cards }: Enrolled) => ({
  member,
  account,
  cards: cards.map(({ card, since }) => ({ token: card, from: since })),
});

const problemItem = (exception: ProblemException) => ({
  status: exception.problem.status,
  problem: exception.problem,
});

@ApiTags('members')
@Controller('/v1/members')
export class EnrolController {
  constructor(
    @Inject(PARTS) private readonly parts: Parts,
    @Inject(Programs) private readonly programs: Programs,
  ) {}

  @Post()
  @HttpCode(201)
  @Allow('manager', 'store')
  @ApiOperation({
    summary: 'Enrol a member',
    description:
      'Makes a member and its account; their ids come from Idempotency-Key alone. Cards lead to the account from `from` on. With `account` it shares that of another member, which needs the role manager. Repeated with the same body: 200 and the same answer.',
  })
  @ApiResponse({ status: 201, type: EnrolAnswerBody.Output })
  @ApiResponse({ status: 200, description: 'Was enrolled before', type: EnrolAnswerBody.Output })
  @ApiResponse({ status: 404, description: 'program-unknown, account-unknown' })
  @ApiResponse({ status: 409, description: 'card-linked-elsewhere, account-merged' })
  @ApiResponse({ status: 422, description: 'idempotency-key-reused' })
  async one(
    @Body() body: EnrolRequest,
    @IdempotencyKeyParam() key: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ): Promise<Answer<unknown>> {
    mayProgram(caller, body.program);
    if (body.account !== undefined && !hasRole(caller, 'manager')) throw sharingForbidden();
    const errors = this.tooLate(body.from, body.personal);
    if (errors.length > 0) throw invalid(errors);
    if (!(await this.programs.has(body.program))) throw programUnknown();
    const wanted = this.wanted(body.program, key, body);
    const [enrolled] = await enrol(this.parts, body.program, [wanted], context);
    if (enrolled === undefined) throw new Error('an enrolment without an answer');
    if (enrolled.kind !== 'enrolled') throw refusal(enrolled);
    const { known, position } = enrolled;
    return answer(
      { program: body.program, ...enrolledBody(enrolled), position: position.toString() },
      { status: known ? 200 : 201, position },
    );
  }

  @Post('batch')
  @HttpCode(200)
  @Allow('manager', 'store')
  @ApiOperation({
    summary: 'Enrol up to 1,000 members',
    description:
      'Each item is answered for itself, in order: enrolled, or the problem with that item. Each brings its own key; the request needs no Idempotency-Key.',
  })
  @ApiResponse({ status: 200, type: EnrolBatchAnswer.Output })
  @ApiResponse({ status: 404, description: 'program-unknown' })
  async batch(
    @Body() body: EnrolBatchRequest,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ): Promise<Answer<BatchAnswer>> {
    const { program } = body;
    mayProgram(caller, program);
    if (!(await this.programs.has(program))) throw programUnknown();
    const checked = body.items.map((item) => this.check(program, item));
    const wanted = checked.filter((item) => 'member' in item);
    const answers = (await enrol(this.parts, program, wanted, context)).values();
    let last: bigint | undefined;
    const items = checked.map((item): BatchAnswer['items'][number] => {
      if (!('member' in item)) return problemItem(item);
      const enrolled = answers.next().value;
      if (enrolled === undefined) throw new Error('an enrolment without an answer');
      if (enrolled.kind !== 'enrolled') return problemItem(refusal(enrolled));
      if (last === undefined || enrolled.position > last) last = enrolled.position;
      return { status: enrolled.known ? 200 : 201, ...enrolledBody(enrolled) };
    });
    return answer(
      { items, position: last?.toString() ?? null },
      last === undefined ? {} : { position: last },
    );
  }

  private check(program: ProgramId, item: unknown): Wanted | ProblemException {
    const parsed = batchItem.safeParse(item);
    if (!parsed.success)
      return invalid(
        parsed.error.issues.map(({ path, message }) => ({ field: path.join('.'), message })),
      );
    const errors = this.tooLate(parsed.data.from, undefined);
    return errors.length > 0 ? invalid(errors) : this.wanted(program, parsed.data.key, parsed.data);
  }

  /** What lies in the future and must not. */
  private tooLate(from: Instant | undefined, personal: PersonalData | undefined): FieldError[] {
    const now = this.parts.clock();
    const errors: FieldError[] = [];
    if (from !== undefined && epochMs(from) > epochMs(now) + clockSkewMs)
      errors.push({ field: 'from', message: 'must not be in the future' });
    if (personal?.birthday !== undefined && isFutureDay(personal.birthday, now))
      errors.push({ field: 'personal.birthday', message: 'must not be in the future' });
    return errors;
  }

  private wanted(
    program: ProgramId,
    key: string,
    of: {
      readonly cards: readonly string[];
      readonly from?: Instant | undefined;
      readonly personal?: PersonalData | undefined;
      readonly account?: AccountId | undefined;
    },
  ): Wanted {
    const tokenOf = (card: string): CardToken => this.parts.cardTokens.tokenOf(program, card);
    const ids = memberIds(this.parts.cardTokens, program, key);
    return {
      member: ids.member,
      account: of.account ?? ids.account,
      shared: of.account !== undefined,
      cards: of.cards.map(tokenOf),
      since: of.from ?? null,
      personal: orNothing(of.personal),
    };
  }
}
