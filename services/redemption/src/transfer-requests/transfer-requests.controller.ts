import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  UseInterceptors,
} from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { OpenRequestsQuery, RejectionBody, openRequests } from '@tallystick/accounts/signed';
import { Points, programId } from '@tallystick/kernel';
import {
  Allow,
  answer,
  CallerParam,
  ContextParam,
  IdempotencyKeyParam,
  mayProgram,
  metadata,
  type Caller,
  type RequestContext,
} from '@tallystick/service-host';
import { AfterOpening } from '../accounts/after-opening.js';
import { CARDS, MEANS } from '../accounts/providers.js';
import { findAccount, type AccountOrCard, type Cards } from '../accounts/which-account.js';
import type { Means } from '../orders/order.js';
import { notSent } from '../transfer/not-sent.js';
import { approveTransfer, askForTransfer, rejectTransfer } from './change-request.js';
import { notClosed, requestUnknown } from './problems.js';
import {
  TransferRequestBody,
  TransferRequestForm,
  TransferRequestList,
  bodyOf,
} from './request-form.js';
import { TransferRequestsView } from './requests-view.js';
import { transferRequestStreams, type TransferRequest } from './transfer-request.js';

/** Points of others that are sent by two people: one asks, another approves. */
@ApiTags('transfer requests')
@Controller('/v1/transfer-requests')
export class TransferRequestsController {
  constructor(
    @Inject(MEANS) private readonly means: Means,
    @Inject(CARDS) private readonly cards: Cards,
    @Inject(TransferRequestsView) private readonly view: TransferRequestsView,
  ) {}

  @Post()
  @HttpCode(202)
  @Allow('manager')
  @UseInterceptors(AfterOpening)
  @ApiOperation({
    summary: 'Asks for points to be sent from any account to another; another manager approves it',
    description:
      'No point moves before. A card is asked for its account now: the request names accounts from then on. A repeated request is answered as before, whatever has become of it since.',
  })
  @ApiAcceptedResponse({ type: TransferRequestBody })
  @ApiResponse({ status: 404, description: 'account-unknown' })
  @ApiResponse({
    status: 409,
    description: 'insufficient-points, same-account, account-merged, beyond-limit',
  })
  @ApiResponse({ status: 422, description: 'idempotency-key-reused' })
  async request(
    @Body() body: TransferRequestForm,
    @IdempotencyKeyParam() key: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const { means, cards } = this;
    const { program: name, reason } = body;
    const at = means.clock();
    const find = (field: 'from' | 'to') =>
      findAccount(cards, { program: name, ...body[field] }, caller, at, {
        ...{ staff: ['manager'], field },
      });
    const [from, to] = [await find('from'), await find('to')];
    const { program } = from;
    const points = Points.points(body.points);
    const named = { from: this.named(name, body.from), to: this.named(name, body.to) };
    const result = await askForTransfer(
      ...([means, { subject: caller.subject, key }] as const),
      { program, points, reason, named },
      { from, to },
      metadata(context, { program, occurredAt: at }, means.clock),
    );
    if (result.kind !== 'requested') throw notSent(result, points);
    // As it was answered the first time: to read what has become of it, there is GET.
    const { found } = result;
    const open = { status: 'requested', approvedBy: null, rejected: null } as const;
    return told({ ...found, newestPosition: found.position, ...open });
  }

  @Get()
  @Allow('manager', 'auditor')
  @ApiOperation({ summary: 'The open requests of a programme, the oldest first' })
  @ApiOkResponse({ type: TransferRequestList })
  async list(@Query() query: OpenRequestsQuery, @CallerParam() caller: Caller) {
    mayProgram(caller, query.program);
    const { found, next } = await openRequests(this.view, query, (named) =>
      transferRequestStreams.read(this.means.store, named),
    );
    return { transfers: found.map(bodyOf), next };
  }

  @Get('/:program/:transfer')
  @Allow('manager', 'auditor')
  @ApiOperation({ summary: 'A request, and what has become of it' })
  @ApiOkResponse({ type: TransferRequestBody })
  @ApiResponse({ status: 404, description: 'transfer-request-unknown' })
  async find(
    @Param('program') program: string,
    @Param('transfer') id: string,
    @CallerParam() caller: Caller,
  ) {
    mayProgram(caller, program);
    const named = { program: programId(program), id };
    const found = await transferRequestStreams.read(this.means.store, named);
    if (found === null) throw requestUnknown();
    return bodyOf(found);
  }

  @Post('/:program/:transfer/approvals')
  @Allow('manager')
  @ApiOperation({
    summary: 'Approves a request of another person: the points are sent now',
    description:
      'Needs no Idempotency-Key: a request is approved once, and the same person again gets the same answer. Where the points cannot be sent, nothing happens and the request stays open.',
  })
  @ApiCreatedResponse({ type: TransferRequestBody })
  @ApiResponse({ status: 403, description: 'forbidden, same-person' })
  @ApiResponse({ status: 404, description: 'transfer-request-unknown' })
  @ApiResponse({
    status: 409,
    description: 'transfer-request-closed, insufficient-points, account-merged, beyond-limit',
  })
  async approve(
    @Param('program') program: string,
    @Param('transfer') id: string,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const { signer, of } = this.signing(program, id, caller, context);
    const result = await approveTransfer(this.means, signer, of);
    if (result.kind !== 'done') throw await this.refused(result, signer);
    return told(result.found);
  }

  @Post('/:program/:transfer/rejections')
  @Allow('manager')
  @ApiOperation({ summary: 'Ends a request; who asked for it may take it back this way' })
  @ApiCreatedResponse({ type: TransferRequestBody })
  @ApiResponse({ status: 404, description: 'transfer-request-unknown' })
  @ApiResponse({ status: 409, description: 'transfer-request-closed' })
  async reject(
    @Param('program') program: string,
    @Param('transfer') id: string,
    @Body() { reason }: RejectionBody,
    @CallerParam() caller: Caller,
    @ContextParam() context: RequestContext,
  ) {
    const { signer, of } = this.signing(program, id, caller, context);
    const result = await rejectTransfer(this.means, signer, reason, of);
    if (result.kind !== 'done') throw await this.refused(result, signer);
    return told(result.found);
  }

  private signing(name: string, id: string, caller: Caller, context: RequestContext) {
    mayProgram(caller, name);
    const { clock } = this.means;
    const program = programId(name);
    return {
      signer: { program, id, by: caller.subject },
      of: metadata(context, { program, occurredAt: clock() }, clock),
    };
  }

  private async refused(
    refusal: Parameters<typeof notClosed>[0],
    named: Parameters<typeof transferRequestStreams.read>[1],
  ) {
    const found = await transferRequestStreams.read(this.means.store, named);
    return found === null ? requestUnknown() : notClosed(refusal, found.asked.points);
  }

  /** A card by its token: its number is kept nowhere, not even hashed. */
  private named(program: string, { account, card }: AccountOrCard): object {
    return card === undefined
      ? { account }
      : { card: this.cards.tokens.tokenOf(programId(program), card) };
  }
}

const told = (found: TransferRequest) => {
  const position = String(found.newestPosition);
  return answer({ ...bodyOf(found), position }, { position });
};
