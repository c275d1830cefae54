import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { attributeAt, type AttributeValue } from '@tallystick/contracts';
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
import { PARTS, type Parts } from '../parts.js';
import { invalid, memberUnknown, programUnknown } from '../problems.js';
import {
  MemberAttributes,
  MemberPath,
  SetAnswerBody,
  SetBatchAnswer,
  SetBatchRequest,
  SetRequest,
} from './attributes.dto.js';
import { declaredBy } from './declared.js';
import { faultsOf, refusalOf, setBatch } from './set-batch.js';
import { setAttributes, toldOf } from './set-attributes.js';

@ApiTags('members')
@Controller('/v1/members')
export class AttributesController {
  constructor(@Inject(PARTS) private readonly parts: Parts) {}

  @Post(':program/:member/attributes')
  @HttpCode(201)
  @Allow('manager')
  @ApiOperation({
    summary: 'Tell attributes of a member: what its rulebook declares, and its segments',
    description:
      'Conditions see them as `member.<name>` of facts that happened from `from` on and are rated after this; what is rated stays as it is. `segments` takes the place of all segments of before. null: nothing any more. Nothing personal belongs here: it is kept in the ledger for ever.',
  })
  @ApiResponse({ status: 201, type: SetAnswerBody.Output })
  @ApiResponse({ status: 200, description: 'Was told before', type: SetAnswerBody.Output })
  @ApiResponse({ status: 404, description: 'program-unknown, member-unknown' })
  @ApiResponse({ status: 409, description: 'account-shared' })
  @ApiResponse({ status: 422, description: 'idempotency-key-reused' })
  async set(
    @Param() path: MemberPath,
    @Body() body: SetRequest,
    @IdempotencyKeyParam() key: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ): Promise<Answer<unknown>> {
    const { program, member } = path;
    mayProgram(caller, program);
    const declared = await declaredBy(this.parts.store, program);
    if (declared === null) throw programUnknown();
    const errors = faultsOf(declared, body.attributes);
    if (errors.length > 0) throw invalid(errors);
    const set = await setAttributes(this.parts, {
      ...{ program, member, context, attributes: body.attributes, from: body.from ?? null },
      request: this.parts.cardTokens.tokenOf(program, `attributes\0${member}\0${key}`),
    });
    switch (set.kind) {
      case 'set': {
        const { known, from, position } = set;
        return answer(
          { program, member, from, position: position.toString() },
          { status: known ? 200 : 201, position },
        );
      }
      default:
        throw refusalOf(set);
    }
  }

  @Post('attributes/batch')
  @HttpCode(200)
  @Allow('manager')
  @ApiOperation({
    summary: 'Tell attributes of up to 500 members, each named by its id or by a card',
    description:
      'Each item is answered for itself, in order: told, or the problem with that item (card-unknown, member-unknown, account-shared, validation). Needs no Idempotency-Key: what is sent again is not told again. Items of one member are told in their order.',
  })
  @ApiResponse({ status: 200, type: SetBatchAnswer.Output })
  @ApiResponse({ status: 404, description: 'program-unknown' })
  async setBatch(
    @Body() { program, dryRun, items }: SetBatchRequest,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ): Promise<Answer<unknown>> {
    mayProgram(caller, program);
    const declared = await declaredBy(this.parts.store, program);
    if (declared === null) throw programUnknown();
    const told = await setBatch(this.parts, { program, declared, dryRun, context }, items);
    const position = told.position?.toString() ?? null;
    return answer(
      { items: told.items, position },
      told.position === null ? {} : { position: told.position },
    );
  }

  @Get(':program/:member/attributes')
  @Allow('manager', 'auditor')
  @ApiOperation({
    summary: 'Read the attributes of a member, as of now and as they were told, by whom',
  })
  @ApiResponse({ status: 200, type: MemberAttributes.Output })
  @ApiResponse({ status: 404, description: 'member-unknown' })
  async read(@Param() path: MemberPath, @CallerParam() caller: Caller) {
    const { program, member } = path;
    mayProgram(caller, program);
    const told = await toldOf(this.parts, program, member);
    if (told === null) throw memberUnknown();
    const now = this.parts.clock();
    const names = new Set(told.flatMap(({ attributes }) => Object.keys(attributes)));
    const current: Record<string, AttributeValue> = {};
    for (const name of [...names].sort()) {
      const value = attributeAt(told, name, now);
      if (value !== null) current[name] = value;
    }
    return {
      ...{ program, member },
      attributes: current,
      told: told.map(({ from, attributes, event: { metadata } }) => ({
        ...{ from, attributes, by: metadata.actor, at: metadata.recordedAt },
      })),
    };
  }
}
