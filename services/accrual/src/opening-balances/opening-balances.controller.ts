import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { Accounts } from '@tallystick/accounts';
import { RejectionBody, openRequests } from '@tallystick/accounts/signed';
import type { EventStore } from '@tallystick/event-store';
import { programId, type Clock, type ProgramId } from '@tallystick/kernel';
import { arrearsPolicyOf } from '@tallystick/rulebook';
import {
  Allow,
  answer,
  CallerParam,
  CARD_TOKENS,
  CLOCK,
  ContextParam,
  EVENT_STORE,
  mayProgram,
  type Caller,
  type CardTokens,
  type RequestContext,
} from '@tallystick/service-host';
import { programUnknown } from '../corrections/problems.js';
import { acting } from '../programs/acting.js';
import { Catalog, rulebookAt, type Program } from '../programs/catalog.js';
import { batchIdOf, batchStreams, type BalanceBatch } from './balance-batch.js';
import {
  BalancePageForm,
  BatchPageForm,
  CheckedPage,
  PostedPage,
  type PageFigures,
} from './balance-form.js';
import {
  BalanceBatchBody,
  BalanceBatchForm,
  BalanceBatchList,
  BatchesQuery,
  bodyOf,
} from './batch-form.js';
import { BalanceBatchesView } from './batches-view.js';
import { approveBatch, proposeBatch, rejectBatch } from './change-batch.js';
import { checkPage, importPage } from './import-balances.js';
import {
  batchDiffers,
  batchNotApproved,
  batchUnknown,
  notClosed,
  pageNotApproved,
} from './problems.js';
import { readPage } from './read-page.js';

/** Balances that another system kept until now, by two people: one proposes a batch of them, another approves it, and only then are they posted. */
@ApiTags('opening balances')
@Controller('/v1/opening-balances')
export class OpeningBalancesController {
  constructor(
    @Inject(EVENT_STORE) readonly store: EventStore,
    @Inject(CLOCK) readonly clock: Clock,
    @Inject(Accounts) readonly accounts: Accounts,
    @Inject(Catalog) readonly catalog: Catalog,
    @Inject(CARD_TOKENS) readonly tokens: CardTokens,
    @Inject(BalanceBatchesView) readonly view: BalanceBatchesView,
  ) {}

  @Post('/pages')
  @HttpCode(200)
  @Allow('manager')
  @ApiOperation({
    summary: 'Says what up to 1,000 balances come to; writes nothing',
    description:
      'The first step: what it answers as `page` is proposed as a part of a batch. An item is `{account | card, reference, lots: [{points, availableAt?, expiresAt?, funder?, kind?, qualifies?}], spend?: {<year>: <minor units>}}`. One that is not valid (opening-balance-invalid) is no part of the page; one whose card nobody has now (card-unknown) is, and is posted if somebody has it by then.',
  })
  @ApiOkResponse({ type: CheckedPage })
  @ApiResponse({ status: 404, description: 'program-unknown' })
  async check(
    @Body() body: BalancePageForm,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const { program, metadata } = acting(this.clock, body.program, caller, context);
    await this.published(program);
    const page = readPage(this.tokens, program, body.system, body.items);
    const items = await checkPage(this, { program, at: metadata.occurredAt }, page);
    return { page: page.figures, items };
  }

  @Post('/batches')
  @HttpCode(202)
  @Allow('manager')
  @ApiOperation({
    summary: 'Proposes a batch of opening balances; another manager approves it',
    description:
      'Nothing is posted before. Needs no Idempotency-Key: a batch is proposed once for its system and name, whoever sends it again. The same name with other pages is refused.',
  })
  @ApiAcceptedResponse({ type: BalanceBatchBody })
  @ApiResponse({ status: 404, description: 'program-unknown' })
  @ApiResponse({ status: 409, description: 'balance-batch-differs' })
  async propose(
    @Body() body: BalanceBatchForm,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const { program, by, metadata } = acting(this.clock, body.program, caller, context);
    await this.published(program);
    const { system, name, pages } = body;
    const request = { program, system, name, pages };
    const result = await proposeBatch(this.store, by, request, metadata);
    if (result.kind === 'differs') throw batchDiffers(result.found);
    return told(result.found);
  }

  @Get('/batches')
  @Allow('manager', 'auditor')
  @ApiOperation({
    summary: 'The batches of a programme that wait for approval, the oldest first',
    description: 'With system and name: the one that is called so, whatever has become of it.',
  })
  @ApiOkResponse({ type: BalanceBatchList })
  async list(@Query() query: BatchesQuery, @CallerParam() caller: Caller) {
    mayProgram(caller, query.program);
    const { system, name, ...page } = query;
    if (system !== undefined && name !== undefined) {
      const program = programId(query.program);
      const named = { program, id: batchIdOf(program, system, name) };
      const found = await batchStreams.read(this.store, named);
      return { batches: found === null ? [] : [bodyOf(found)], next: null };
    }
    const { found, next } = await openRequests(this.view, page, (named) =>
      batchStreams.read(this.store, named),
    );
    return { batches: found.map(bodyOf), next };
  }

  @Get('/batches/:program/:batch')
  @Allow('manager', 'auditor')
  @ApiOperation({ summary: 'A batch: what it comes to, and what has become of it' })
  @ApiOkResponse({ type: BalanceBatchBody })
  @ApiResponse({ status: 404, description: 'balance-batch-unknown' })
  async find(
    @Param('program') program: string,
    @Param('batch') id: string,
    @CallerParam() caller: Caller,
  ) {
    mayProgram(caller, program);
    return bodyOf(await this.batch(programId(program), id));
  }

  @Post('/batches/:program/:batch/approvals')
  @Allow('manager')
  @ApiOperation({
    summary: 'Approves a batch that another person proposed: exactly its pages may be posted then',
    description:
      'Needs no Idempotency-Key: a batch is approved once, and the same person again gets the same answer.',
  })
  @ApiCreatedResponse({ type: BalanceBatchBody })
  @ApiResponse({ status: 403, description: 'forbidden, same-person' })
  @ApiResponse({ status: 404, description: 'balance-batch-unknown' })
  @ApiResponse({ status: 409, description: 'balance-batch-closed' })
  async approve(
    @Param('program') program: string,
    @Param('batch') id: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const { metadata, ...who } = acting(this.clock, program, caller, context);
    const result = await approveBatch(this.store, { ...who, id }, metadata);
    if (result.kind !== 'done') throw notClosed(result);
    return told(result.found);
  }

  @Post('/batches/:program/:batch/rejections')
  @Allow('manager')
  @ApiOperation({ summary: 'Ends a batch; who proposed it may take it back this way' })
  @ApiCreatedResponse({ type: BalanceBatchBody })
  @ApiResponse({ status: 404, description: 'balance-batch-unknown' })
  @ApiResponse({ status: 409, description: 'balance-batch-closed' })
  async reject(
    @Param('program') program: string,
    @Param('batch') id: string,
    @Body() { reason }: RejectionBody,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const { metadata, ...who } = acting(this.clock, program, caller, context);
    const result = await rejectBatch(this.store, { ...who, id }, reason, metadata);
    if (result.kind !== 'done') throw notClosed(result);
    return told(result.found);
  }

  @Post('/batches/:program/:batch/pages')
  @HttpCode(200)
  @Allow('manager')
  @ApiOperation({
    summary: 'Posts a page of an approved batch: the items that it was proposed with',
    description:
      'In any order, and as often as it takes: each balance is posted once for its system and reference. The same reference with other content is refused. Each item is taken or refused by itself; the problems of an item: card-unknown, account-unknown (404), account-merged, reference-taken (409), opening-balance-invalid (422).',
  })
  @ApiOkResponse({ type: PostedPage })
  @ApiResponse({ status: 404, description: 'balance-batch-unknown' })
  @ApiResponse({
    status: 409,
    description: 'balance-batch-not-approved, balance-page-not-approved',
  })
  async post(
    @Param('program') name: string,
    @Param('batch') id: string,
    @Body() body: BatchPageForm,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const { program, metadata } = acting(this.clock, name, caller, context);
    const { asked, status } = await this.batch(program, id);
    if (status !== 'approved') throw batchNotApproved(status);
    const page = readPage(this.tokens, program, asked.system, body.items);
    // Where none of its items is valid there is nothing to post, and each is told why.
    if (page.figures !== null && !isOf(asked, page.figures)) throw pageNotApproved();
    const at = metadata.occurredAt;
    const rulebook = rulebookAt(await this.published(program), at);
    const policy = rulebook === null ? undefined : arrearsPolicyOf(rulebook.book);
    const of = { program, batch: asked.batch, at, policy };
    const { items, position } = await importPage(this, of, page, metadata);
    return answer({ items }, { position });
  }

  private async batch(program: ProgramId, id: string): Promise<BalanceBatch> {
    const found = await batchStreams.read(this.store, { program, id });
    if (found === null) throw batchUnknown();
    return found;
  }

  private async published(program: ProgramId): Promise<Program> {
    const published = await this.catalog.read(program);
    if (published === null) throw programUnknown(program);
    return published;
  }
}

/** Whether a page is one that was signed: the figures, too, because who proposed it said them, and they are what the other has seen. */
const isOf = ({ pages }: BalanceBatch['asked'], figures: PageFigures): boolean =>
  pages.some(
    ({ hash, balances, points, spend }) =>
      hash === figures.hash &&
      balances === figures.balances &&
      points === figures.points &&
      spend === figures.spend,
  );

const told = (batch: BalanceBatch) => {
  const position = String(batch.newestPosition);
  return answer({ ...bodyOf(batch), position }, { position });
};
